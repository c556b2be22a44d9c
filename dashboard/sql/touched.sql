-- Relations with log rows since an offset (see window.sql), for windows too large to be read row by row.
SELECT relation, count(*) AS changes FROM dashboard.changes($1, $2, NULL) GROUP BY relation;
