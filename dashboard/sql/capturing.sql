-- Whether this role may install capture here, and what of it is installed. Its functions may have been dropped one by one.
SELECT pg_is_in_recovery() AS replica,
       current_database() AS database,
       current_user::text AS role,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       n.oid IS NOT NULL AS has_schema,
       coalesce(pg_has_role(n.nspowner, 'USAGE'), false) AS owned,
       coalesce(has_schema_privilege(n.oid, 'USAGE'), false)
           AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = 'log_row'
                             AND NOT has_function_privilege(p.oid, 'EXECUTE')) AS may_use,
       pg_get_userbyid(n.nspowner)::text AS owner,
       EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'change_log') AS has_log,
       (SELECT count(DISTINCT p.proname) = 14 FROM pg_proc p
        WHERE p.pronamespace = n.oid AND p.proname IN ('log_insert', 'log_delete', 'log_row', 'log_truncate', 'ring',
              'has_doorbell', 'rotate', 'reaches', 'changes', 'emit', 'messages', 'attend', 'silent',
              'depart')) AS has_functions,
       obj_description(n.oid, 'pg_namespace') AS comment
FROM (SELECT) here LEFT JOIN pg_namespace n ON n.nspname = 'dashboard';
