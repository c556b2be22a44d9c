-- The snapshot of this transaction, what now() is in it, and the time zone that its days are counted in.
SELECT pg_current_snapshot() AS snapshot, now() AS at, current_setting('TimeZone') AS zone;
