-- Whether this role may note the keys of its writes here.
SELECT coalesce(has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'INSERT')
                AND has_table_privilege(c.oid, 'SELECT'), false)
FROM (SELECT 1) one
LEFT JOIN (SELECT c.oid, c.relnamespace FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'dashboard' AND c.relname = 'write_key') c ON true;
