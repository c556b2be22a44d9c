-- One value that changes when something that can change the answer of an open query changes without a logged row:
-- columns, policies, grants, memberships, views, functions, partitions, rewrites of a table, capture itself.
-- $1: oids of the relations that open queries read.
WITH RECURSIVE watched AS (
    SELECT unnest($1::oid[]) AS oid
    UNION
    SELECT i.inhrelid FROM pg_inherits i JOIN watched w ON i.inhparent = w.oid)
SELECT md5(concat_ws('|',
    (SELECT string_agg(concat_ws(',', c.oid, c.relname, c.relnamespace, c.relowner, c.relacl, c.relrowsecurity,
                                 c.relforcerowsecurity, c.relkind, c.relfilenode), ';' ORDER BY c.oid)
     FROM pg_class c JOIN watched USING (oid)),
    (SELECT string_agg(concat_ws(',', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attacl, a.attisdropped),
                       ';' ORDER BY a.attrelid, a.attnum)
     FROM pg_attribute a JOIN watched w ON w.oid = a.attrelid WHERE a.attnum > 0),
    (SELECT string_agg(concat_ws(',', t.tgrelid, t.tgname, t.tgenabled), ';' ORDER BY t.tgrelid, t.tgname)
     FROM pg_trigger t JOIN watched w ON w.oid = t.tgrelid WHERE t.tgname LIKE 'dashboard\_%'),
    (SELECT concat(count(*), sum(hashtextextended(concat(p.oid, p.xmin), 0))) FROM pg_policy p),
    (SELECT concat(count(*), sum(hashtextextended(concat(r.oid, r.xmin), 0))) FROM pg_rewrite r WHERE r.oid >= 16384),
    (SELECT concat(count(*), sum(hashtextextended(concat(f.oid, f.xmin), 0))) FROM pg_proc f WHERE f.oid >= 16384),
    (SELECT concat(count(*), sum(hashtextextended(concat(n.oid, n.xmin), 0))) FROM pg_namespace n),
    (SELECT concat(count(*), sum(hashtextextended(concat(m.roleid, m.member, m.xmin), 0))) FROM pg_auth_members m),
    (SELECT concat(count(*), sum(hashtextextended(concat(r.oid, r.rolname, r.rolsuper, r.rolbypassrls, r.rolinherit), 0)))
     FROM pg_roles r))) AS fingerprint;
