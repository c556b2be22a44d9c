-- Which of these function names ($1) a live query cannot see through: volatile ones, and a user's own that may read tables.
SELECT p.proname::text AS name, bool_or(p.provolatile = 'v') AS volatile,
       bool_or(p.oid >= 16384 AND p.provolatile <> 'i') AS opaque, bool_or(p.proretset) AS many
FROM pg_proc p
WHERE p.proname = ANY ($1::text[])
GROUP BY p.proname;
