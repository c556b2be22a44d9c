-- Seconds since the latest change in the log; NULL while it is empty. Served by the index of each partition.
SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM dashboard.change_log ORDER BY xid DESC LIMIT 1;
