-- Relations with log rows since an offset (see window.sql), for windows too large to be read row by row.
SELECT relation, sum(changes)::bigint AS changes
FROM (SELECT relation, count(*) AS changes FROM dashboard.change_log WHERE xid >= $1 GROUP BY relation
      UNION ALL
      SELECT relation, count(*) FROM dashboard.change_log WHERE xid = ANY ($2) GROUP BY relation) w
GROUP BY relation;
