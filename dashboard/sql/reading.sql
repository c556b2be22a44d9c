-- What readers ask of the log.

-- Whether the log still holds all that came after this snapshot. Everything rotated away had ended by the horizon's
-- snapshot; so what the reader has not seen of it is a transaction below the horizon, open for the reader and not open
-- then. A transaction that stays open for hours therefore sends nobody back to the start.
CREATE OR REPLACE FUNCTION dashboard.reaches(since pg_snapshot) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT h.xid < pg_snapshot_xmax(since)
       AND NOT EXISTS (SELECT FROM pg_snapshot_xip(since) AS open (xid)
                       WHERE open.xid <= h.xid
                         AND open.xid NOT IN (SELECT pg_snapshot_xip(h.snapshot)))
    FROM dashboard.log_horizon h
$$;

-- Log rows that became visible since an offset: its xmax, its list of open transactions, at most so many rows.
--
-- The log's statistics are always behind, and without them a third of it is taken for new: with rows of 1.6 kB the
-- planner was seen to scan all 60,000 of them for one (11.5 ms, by index 0.3 ms). Hence the settings, which hold for
-- this function alone. Two conditions as UNION ALL, because an OR scans the whole log as well. The plan is always the
-- same, so it is kept: to plan four partitions each time was a third of what it takes to read one change.
CREATE OR REPLACE FUNCTION dashboard.changes(since xid8, open xid8[], most bigint)
RETURNS TABLE (seq bigint, xid xid8, at timestamptz, relation oid, op text, old jsonb, new jsonb)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT w.seq, w.xid, w.at, w.relation, w.op::text, w.old, w.new
    FROM (SELECT l.* FROM dashboard.change_log l WHERE l.xid >= since
          UNION ALL
          SELECT l.* FROM dashboard.change_log l WHERE l.xid = ANY (open)) w
    ORDER BY w.seq
    LIMIT most;
END $$;

-- Of all functions of the schema, those of the other files included.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dashboard FROM PUBLIC;
