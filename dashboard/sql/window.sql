-- Log rows that became visible since an offset: its xmax ($1), its list of open transactions ($2), at most $3 rows.
-- Two conditions as UNION ALL, because an OR was seen to scan the whole log. The images are left out when they are
-- together more than $4 bytes, told from their stored sizes without reading them.
SELECT seq, xid, at, relation, op::text AS op,
       CASE WHEN bytes <= $4 THEN old END AS old, CASE WHEN bytes <= $4 THEN new END AS new, bytes
FROM (SELECT u.*, sum(coalesce(pg_column_size(u.old), 0) + coalesce(pg_column_size(u.new), 0)) OVER () AS bytes
      FROM (SELECT seq, xid, at, relation, op, old, new FROM dashboard.change_log WHERE xid >= $1::xid8
            UNION ALL
            SELECT seq, xid, at, relation, op, old, new FROM dashboard.change_log WHERE xid = ANY ($2::xid8[])) u) w
ORDER BY seq
LIMIT $3;
