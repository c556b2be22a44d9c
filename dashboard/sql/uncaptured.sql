-- Of these relations ($1), the ones whose changes the log does not see, or not all of them, by name.
SELECT c.oid::regclass::text AS name
FROM pg_class c
WHERE c.oid = ANY ($1::oid[]) AND (c.relkind IN ('r', 'p', 'm', 'f') OR c.oid < 16384)  -- a system view changes unseen
  AND (SELECT bit_or(t.tgtype::int) & 60 FROM pg_trigger t  -- insert, delete, update and truncate
       WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgname LIKE 'dashboard\_%')
      IS DISTINCT FROM 60
ORDER BY 1;
