-- Ends those of these backends ($1) that are connections of this package, by the same login to the same database.
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE pid = ANY ($1::integer[]) AND pid <> pg_backend_pid()
  AND application_name LIKE 'dashboard: %' AND usename = current_user AND datname = current_database();
