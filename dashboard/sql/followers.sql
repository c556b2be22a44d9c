-- Who follows this database: one row for each follower's connection, the leader first.
-- What other roles' connections do is NULL unless this role may see it (pg_read_all_stats).
SELECT a.pid,
       a.usename::text AS role,
       coalesce(host(a.client_addr), 'local') AS address,
       a.backend_start AS since,
       EXISTS (SELECT FROM pg_locks l
               WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted
                 AND l.database = a.datid AND l.classid = 1684107106 AND l.objid = 2) AS leads,
       extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS silent_for
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.application_name = 'dashboard: follower'
ORDER BY leads DESC, a.backend_start;
