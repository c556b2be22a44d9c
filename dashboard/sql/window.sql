-- Log rows that became visible since an offset: its xmax ($1), its list of open transactions ($2), at most $3 rows.
-- The images are left out when they are together more than $4 bytes, told from their stored sizes.
SELECT seq, xid, at, relation, op,
       CASE WHEN bytes <= $4 THEN old END AS old, CASE WHEN bytes <= $4 THEN new END AS new, bytes
FROM (SELECT c.*, sum(coalesce(pg_column_size(c.old), 0) + coalesce(pg_column_size(c.new), 0)) OVER () AS bytes
      FROM dashboard.changes($1, $2, $3) c) w
ORDER BY seq;
