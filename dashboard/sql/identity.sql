-- Which server, and which life of it: an offset of another one means nothing here.
SELECT (SELECT system_identifier FROM pg_control_system())::text AS system_identifier,
       (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline,
       pg_postmaster_start_time()::text AS started,
       pg_is_in_recovery() AS standby,
       pg_backend_pid() AS backend,
       to_regclass('dashboard.change_log') IS NOT NULL AS has_log,
       current_setting('server_version_num')::int AS version;
