-- The snapshot of this transaction, and what a reader must know before it trusts an offset.
SELECT pg_current_snapshot() AS snapshot,
       (SELECT incarnation::text FROM dashboard.log_identity) AS incarnation,
       (SELECT max(xid) FROM dashboard.log_horizon) AS horizon,
       clock_timestamp() AS at;
