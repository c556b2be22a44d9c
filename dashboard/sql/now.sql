-- The snapshot of this transaction, and what a reader must know before it trusts an offset.
SELECT pg_current_snapshot() AS snapshot,
       (SELECT incarnation::text FROM dashboard.log_identity) AS incarnation,
       h.xid AS horizon,
       ARRAY(SELECT pg_snapshot_xip(h.snapshot)) AS horizon_open,
       clock_timestamp() AS at
FROM dashboard.log_horizon h;
