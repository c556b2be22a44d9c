-- What install must know of a table before it touches it. $1: its name as one writes it in SQL.
SELECT c.oid, c.relkind::text AS kind, c.relpersistence = 't' AS temporary,
       format('%I.%I', n.nspname, c.relname) AS name,
       c.oid < 16384 OR n.nspname = 'dashboard' AS internal,
       pg_has_role(c.relowner, 'USAGE') AS owned, pg_get_userbyid(c.relowner) AS owner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1);
