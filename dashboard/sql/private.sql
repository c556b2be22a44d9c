-- Run once, when the log is made. It holds rows of everybody: nobody reads it whom its owner did not name, whatever the
-- database's default privileges grant on new tables.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT DISTINCT c.oid::regclass AS relation, c.relkind,
               CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.relnamespace = 'dashboard'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %s',
                       CASE granted.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, granted.relation, granted.grantee);
    END LOOP;
END $$;
