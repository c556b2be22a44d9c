-- Values that change when something that can change the answer of an open query changes without a logged row.
-- $1: oids of the relations that open queries read. For each: its columns, policies, grants, keys, partitions, its
-- definition as a view, rewrites, capture itself. And under oid 0: functions, types, schemas, roles and memberships.
WITH RECURSIVE watched AS (
    SELECT oid AS root, oid FROM unnest($1::oid[]) AS oid
    UNION
    SELECT w.root, i.inhrelid FROM pg_inherits i JOIN watched w ON i.inhparent = w.oid)
SELECT w.root AS relation, md5(string_agg(concat_ws('|', w.oid,
    (SELECT concat_ws(',', c.relname, c.relnamespace, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
                      c.relkind, c.relfilenode, c.reloptions) FROM pg_class c WHERE c.oid = w.oid),
    (SELECT string_agg(concat_ws(',', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attacl, a.attnotnull,
                                 a.attcollation, a.attisdropped), ';' ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = w.oid AND a.attnum > 0),
    (SELECT string_agg(concat_ws(',', i.indexrelid, i.indisunique, i.indisvalid), ';' ORDER BY i.indexrelid)
     FROM pg_index i WHERE i.indrelid = w.oid),
    (SELECT string_agg(concat_ws(',', t.tgname, t.tgenabled), ';' ORDER BY t.tgname)
     FROM pg_trigger t WHERE t.tgrelid = w.oid AND t.tgname LIKE 'dashboard\_%'),
    (SELECT string_agg(concat_ws(',', p.oid, p.xmin), ';' ORDER BY p.oid) FROM pg_policy p WHERE p.polrelid = w.oid),
    (SELECT string_agg(concat_ws(',', r.oid, r.xmin), ';' ORDER BY r.oid) FROM pg_rewrite r WHERE r.ev_class = w.oid)
    ), '||' ORDER BY w.oid)) AS fingerprint
FROM watched w
GROUP BY w.root
UNION ALL
SELECT 0, md5(concat_ws('|',
    (SELECT concat(count(*), sum(hashtextextended(concat(f.oid, f.xmin), 0))) FROM pg_proc f WHERE f.oid >= 16384),
    (SELECT concat(count(*), sum(hashtextextended(concat(e.oid, e.xmin), 0))) FROM pg_enum e),
    (SELECT concat(count(*), sum(hashtextextended(concat(y.oid, y.xmin), 0))) FROM pg_type y
     WHERE y.oid >= 16384 AND y.typtype IN ('d', 'e', 'r')),
    (SELECT concat(count(*), sum(hashtextextended(concat(n.oid, n.xmin), 0))) FROM pg_namespace n
     WHERE n.nspname !~ '^pg_(toast_)?temp_'),
    (SELECT concat(count(*), sum(hashtextextended(concat(m.roleid, m.member, m.xmin), 0))) FROM pg_auth_members m),
    (SELECT concat(count(*), sum(hashtextextended(concat(r.oid, r.rolname, r.rolsuper, r.rolbypassrls, r.rolinherit), 0)))
     FROM pg_roles r)));
