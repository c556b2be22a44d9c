-- What the planner of live queries must know of each table named in a SELECT ($1: names as written, quoted).
-- Run as the scope's role: names resolve by its search_path, row_security_active() answers for it.
SELECT n.name,
       c.oid AS oid,
       c.relkind::text AS kind,
       ns.nspname AS schema,
       c.relname AS relation,
       c.relispartition AS partition,
       row_security_active(c.oid) AS secured,
       EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AND c.relkind <> 'p' AS inherited,
       (SELECT bit_or(t.tgtype::int) & 60 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
          AND t.tgenabled IN ('O', 'A') AND t.tgname LIKE 'dashboard\_%') IS NOT DISTINCT FROM 60 AS captured,
       EXISTS (SELECT FROM pg_policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
               WHERE p.polrelid = c.oid
                 AND ((d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid)
                      OR d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass))) AS policies_look_elsewhere,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       -- As in a cast: -1 and not NULL, or a key of type char(3) would be cut to "character", its first letter.
       (SELECT array_agg(format_type(a.atttypid, -1) ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS types,
       -- Columns that a row image does not hold as they are: json loses its spelling and jsonb the difference between
       -- null and NULL, arrays their bounds, in domains and composites too; virtual columns are not there at all.
       (SELECT coalesce(array_agg(a.attname::text), '{}') FROM pg_attribute a
        JOIN pg_type ty ON ty.oid = a.atttypid LEFT JOIN pg_type base ON base.oid = ty.typbasetype
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND (a.attgenerated = 'v' OR ty.typtype = 'c' OR ty.typcategory = 'A' OR base.typtype IN ('c', 'd')
               OR coalesce(base.oid, ty.oid) IN ('json'::regtype, 'jsonb'::regtype))) AS unfaithful,
       EXISTS (SELECT FROM pg_attribute a JOIN pg_collation co ON co.oid = a.attcollation
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT co.collisdeterministic)
         AS lenient,
       (SELECT array_agg(coalesce(co.collname IN ('C', 'POSIX') OR co.collname = 'default' AND
                (SELECT coalesce(to_jsonb(db) ->> 'datlocale', to_jsonb(db) ->> 'daticulocale', db.datcollate)
                        ~ '^(C|POSIX)($|[.])' FROM pg_database db
                 WHERE db.datname = current_database()), true) ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_collation co ON co.oid = a.attcollation
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS bytewise,
       (SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM (SELECT i.indrelid, i.indkey, i.indnkeyatts FROM pg_index i
              WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                AND i.indpred IS NULL AND i.indexprs IS NULL
                AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, place)
                                JOIN pg_attribute x ON x.attrelid = i.indrelid AND x.attnum = u.attnum
                                WHERE u.place <= i.indnkeyatts AND NOT x.attnotnull)
              ORDER BY NOT i.indisprimary, i.indnkeyatts, i.indexrelid LIMIT 1) best,
             LATERAL unnest(best.indkey::int2[]) WITH ORDINALITY k(attnum, place)
        JOIN pg_attribute a ON a.attnum = k.attnum
        WHERE a.attrelid = best.indrelid AND k.place <= best.indnkeyatts) AS key
FROM unnest($1::text[]) AS n(name)
JOIN pg_class c ON c.oid = to_regclass(n.name)
JOIN pg_namespace ns ON ns.oid = c.relnamespace;
