-- The snapshot of this transaction in a database where capture is not installed.
SELECT pg_current_snapshot() AS snapshot, NULL::text AS incarnation, NULL::xid8 AS horizon,
       '{}'::xid8[] AS horizon_open, clock_timestamp() AS now;
