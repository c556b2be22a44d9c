-- Relations with log rows since an offset (see window.sql), for windows too large to be read row by row.
SELECT relation, count(*) AS changes
FROM (SELECT relation FROM dashboard.change_log WHERE xid >= $1::xid8
      UNION ALL
      SELECT relation FROM dashboard.change_log WHERE xid = ANY ($2::xid8[])) w
GROUP BY relation;
