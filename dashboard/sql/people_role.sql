-- What keeps people from looking as a role ($1): NULL if nothing does.
SELECT CASE
    WHEN role.oid IS NULL THEN 'missing'
    WHEN role.rolsuper OR role.rolbypassrls THEN 'above'
    WHEN EXISTS (SELECT FROM pg_class c
                 WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT c.relforcerowsecurity
                   AND pg_has_role(role.oid, c.relowner, 'USAGE')) THEN 'owner'
    WHEN NOT pg_has_role(current_user, role.oid, 'MEMBER') THEN 'barred'
END
FROM (SELECT $1::text AS name) asked LEFT JOIN pg_roles role ON role.rolname = asked.name;
