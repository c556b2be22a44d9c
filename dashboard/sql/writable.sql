-- What a typed write must know of the columns of a table ($1: name as written in SQL), as the scope's role sees them.
SELECT c.oid AS relation,
       n.nspname AS schema,
       c.relname AS name,
       a.attname::text AS column,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN ty.typtype = 'e' THEN 'enum' WHEN ty.typcategory = 'A' THEN 'array' ELSE base.typname::text END AS base,
       CASE WHEN coalesce(base.typname, ty.typname) IN ('varchar', 'bpchar') AND typmod.value > 4 THEN typmod.value - 4 END
         AS length,
       CASE WHEN base.typname = 'numeric' AND typmod.value > 4 THEN ((typmod.value - 4) >> 16) & 65535 END AS precision,
       CASE WHEN base.typname = 'numeric' AND typmod.value > 4 THEN (((typmod.value - 4) & 2047) # 1024) - 1024 END AS scale,
       a.attnotnull OR ty.typnotnull AS required,
       a.atthasdef AND a.attgenerated = '' OR a.attidentity <> '' AS has_default,
       a.attgenerated <> '' AS computed,
       a.attidentity = 'a' AS always,
       CASE WHEN a.atthasdef AND a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = ty.oid) AS labels,
       has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable,
       has_column_privilege(c.oid, a.attnum, 'INSERT') AS insertable,
       has_column_privilege(c.oid, a.attnum, 'UPDATE') AS updatable,
       has_table_privilege(c.oid, 'DELETE') AS deletable,
       -- Deleting a row of it changes other tables too.
       EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = c.oid AND f.confdeltype IN ('c', 'n', 'd')) AS cascades
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type ty ON ty.oid = a.atttypid
JOIN pg_type base ON base.oid = CASE WHEN ty.typtype = 'd' THEN ty.typbasetype ELSE ty.oid END
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum,
     LATERAL (SELECT CASE WHEN ty.typtype = 'd' THEN ty.typtypmod ELSE a.atttypmod END AS value) typmod
WHERE c.oid = to_regclass($1)
ORDER BY a.attnum;
