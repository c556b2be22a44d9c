-- Which server, and which life of it: an offset of another one means nothing here. And what it lets us do.
-- $1: the mark that this version of the package puts on its log; another version's is left alone.
SELECT (SELECT system_identifier FROM pg_control_system())::text AS system_identifier,
       (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline,
       pg_postmaster_start_time()::text AS started,
       pg_is_in_recovery() AS standby,
       current_setting('max_prepared_transactions') = '0' AS has_doorbell,
       log.oid IS NOT NULL AS has_log,
       coalesce(obj_description(log.relnamespace, 'pg_namespace') = $1, false) AS is_current,
       coalesce(has_schema_privilege(log.relnamespace, 'USAGE') AND has_table_privilege(log.oid, 'SELECT')
                AND obj_description(log.relnamespace, 'pg_namespace') = $1, false) AS may_read,
       current_user::text AS role
FROM (SELECT 1) one
LEFT JOIN (SELECT c.oid, c.relnamespace FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'dashboard' AND c.relname = 'change_log') log ON true;
