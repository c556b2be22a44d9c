-- name: columns
-- The columns of a table ($1: its name as written in SQL), with what helps to choose among them. Names are also given
-- quoted by PostgreSQL, fit to stand in a statement. Every table named is in the answer: without columns, one row.
SELECT c.oid::bigint AS oid,
       format('%I.%I', ns.nspname, c.relname) AS quoted,
       CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE ns.nspname || '.' || c.relname END AS label,
       c.relkind::text AS relkind,
       a.attname::text AS column,
       quote_ident(a.attname) AS quoted_column,
       format_type(a.atttypid, NULL) AS type,
       t.typtype::text AS typtype,
       a.attnotnull AS required,
       COALESCE(pg_get_expr(d.adbin, d.adrelid) ~* '(now\(|current_timestamp|clock_timestamp|localtimestamp)', false)
           AND a.attgenerated = '' AS stamped,
       COALESCE(array_position(i.indkey::int2[], a.attnum), -1) AS key_place,
       EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid AND x.indisvalid AND x.indkey[0] = a.attnum) AS indexed
FROM pg_class c
JOIN pg_namespace ns ON ns.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.oid = to_regclass($1)
ORDER BY a.attnum;

-- name: sample
-- How many different values, and how evenly spread, a column ({column}) has among rows read first.
SELECT {column}::text AS value, count(*) AS rows
FROM (SELECT {column} FROM {table} LIMIT 20000) AS sample
GROUP BY 1
ORDER BY 2 DESC
LIMIT 50;

-- name: span
-- Whether there are rows of the last hour, the last day, and from when the latest is. Rows of the future do not count, nor
-- those of a time before all calendars of this program's (infinity, BC).
SELECT COALESCE(latest >= now() - interval '1 hour', true) AS is_recent,
       COALESCE(latest >= now() - interval '1 day', true) AS is_of_today,
       latest::timestamptz AS latest
FROM (SELECT max({time}) AS latest FROM {table} WHERE {time} <= now() AND {time} >= '0100-01-01') AS past;

-- name: rows
SELECT count(*) AS rows FROM {table};

-- name: latest
SELECT * FROM {table} ORDER BY {order};

-- name: any
SELECT * FROM {table};

-- name: over_time
-- $1: from when on. Counts are kept up from the changes alone, so the table may be of any size.
SELECT date_trunc('{step}', {time}) AS at, count(*) AS rows
FROM {table}
WHERE {time} >= $1 AND {time} < 'infinity'
GROUP BY 1;

-- name: over_time_by_category
SELECT date_trunc('{step}', {time}) AS at, {category}::text AS category, count(*) AS rows
FROM {table}
WHERE {time} >= $1 AND {time} < 'infinity'
GROUP BY 1, 2;
