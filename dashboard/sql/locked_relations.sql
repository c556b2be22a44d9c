-- Relations this transaction has touched: parser, planner and functions lock what they read until it ends, so the
-- list is complete where a plan's text is not (pruned partitions, views, policies, functions). Partitions count as
-- their root, system catalogs are left out.
SELECT DISTINCT coalesce(pg_partition_root(c.oid)::oid, c.oid) AS relation
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (c.relnamespace IS DISTINCT FROM to_regnamespace('dashboard')::oid OR c.relname = 'presence');
