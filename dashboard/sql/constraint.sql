-- The columns of a constraint or unique index ($3) of a table ($1 schema, $2 name), in order, and its comment, which says
-- in words what it asks for (COMMENT ON CONSTRAINT).
SELECT a.attname::text AS column,
       (SELECT obj_description(co.oid, 'pg_constraint') FROM pg_constraint co
        WHERE co.conrelid = c.oid AND co.conname = $3) AS said
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
     LATERAL (SELECT co.conkey AS columns FROM pg_constraint co WHERE co.conrelid = c.oid AND co.conname = $3
              UNION ALL
              SELECT i.indkey::int2[] FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
              WHERE i.indrelid = c.oid AND x.relname = $3
              LIMIT 1) found,
     LATERAL unnest(found.columns) WITH ORDINALITY k (attnum, place)
JOIN pg_attribute a ON a.attnum = k.attnum
WHERE n.nspname = $1 AND c.relname = $2 AND a.attrelid = c.oid
ORDER BY k.place;
