-- Log rows that became visible since an offset: its xmax ($1), its list of open transactions ($2), at most $3 rows.
-- Two conditions as UNION ALL, because an OR was seen to scan the whole log.
SELECT seq, xid, at, relation, op::text AS op, old, new
FROM (SELECT seq, xid, at, relation, op, old, new FROM dashboard.change_log WHERE xid >= $1::xid8
      UNION ALL
      SELECT seq, xid, at, relation, op, old, new FROM dashboard.change_log WHERE xid = ANY ($2::xid8[])) w
ORDER BY seq
LIMIT $3;
