-- The snapshot of this transaction, what a reader must know before it trusts an offset, and the log rows that became
-- visible since one: its xmax ($1), its list of open transactions ($2), at most $3 rows; none for NULL. The first row has
-- all of it, and is there without a change too: one statement, because a tick's price is its round trips.
-- The images are left out when they are together more than $4 bytes, told from their stored sizes.
-- Later statements of the transaction are broken off after $5 milliseconds; NULL leaves them their time.
SELECT w.seq, w.xid, w.at, w.relation, w.op,
       CASE WHEN w.bytes <= $4 THEN w.old END AS old, CASE WHEN w.bytes <= $4 THEN w.new END AS new, w.bytes,
       n.snapshot, n.incarnation, n.horizon, n.horizon_open, n.now
FROM (SELECT 1 AS nth,
             pg_current_snapshot() AS snapshot,
             (SELECT incarnation::text FROM dashboard.log_identity) AS incarnation,
             h.xid AS horizon,
             ARRAY(SELECT pg_snapshot_xip(h.snapshot)) AS horizon_open,
             clock_timestamp() AS now,
             CASE WHEN $5::text IS NOT NULL THEN set_config('statement_timeout', $5::text, true) END
      FROM dashboard.log_horizon h) n
FULL JOIN (SELECT row_number() OVER (ORDER BY c.seq) AS nth, c.*,
                  sum(coalesce(pg_column_size(c.old), 0) + coalesce(pg_column_size(c.new), 0)) OVER () AS bytes
           FROM dashboard.changes($1, $2, $3) c) w USING (nth)
ORDER BY nth;
