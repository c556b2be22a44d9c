-- What can keep capture and followers from working here. $1: oids of the captured tables.
SELECT current_setting('server_version') AS version,
       current_database()::text AS database,
       current_user::text AS role,
       pg_is_in_recovery() AS standby,
       pg_backend_pid() AS backend,
       pg_notification_queue_usage()::float8 AS notification_queue,
       (SELECT max(extract(epoch FROM clock_timestamp() - xact_start))::float8
        FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%') AS oldest_transaction,
       coalesce((SELECT has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(c.relnamespace, 'USAGE')
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = 'dashboard' AND c.relname = 'change_log'), false) AS may_read_log,
       coalesce((SELECT array_agg(c.oid::regclass::text ORDER BY 1)
                 FROM pg_class c
                 WHERE c.oid = ANY ($1::oid[])
                   AND NOT (has_schema_privilege(c.relnamespace, 'USAGE')
                            AND (has_table_privilege(c.oid, 'SELECT')
                                 OR has_any_column_privilege(c.oid, 'SELECT')))), '{}') AS unreadable;
