-- Which of these names ($1), of functions or operators, a live query cannot see through: volatile ones, and a user's own
-- that may read tables.
SELECT called.name, bool_or(p.provolatile = 'v') AS volatile,
       bool_or(p.oid >= 16384 AND p.provolatile <> 'i') AS opaque, bool_or(p.proretset) AS many
FROM (SELECT proname::text AS name, oid FROM pg_proc WHERE proname = ANY ($1::text[])
      UNION ALL
      SELECT oprname::text, oprcode::oid FROM pg_operator WHERE oid >= 16384 AND oprname = ANY ($1::text[])) called
JOIN pg_proc p ON p.oid = called.oid
GROUP BY called.name;
