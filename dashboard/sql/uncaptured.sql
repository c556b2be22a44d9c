-- Of these relations ($1), the ones whose changes the log does not see, by name.
SELECT c.oid::regclass::text AS name
FROM pg_class c
WHERE c.oid = ANY ($1::oid[]) AND (c.relkind IN ('r', 'p', 'm', 'f') OR c.oid < 16384)  -- a system view changes unseen
  AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
                    AND t.tgenabled <> 'D' AND t.tgname LIKE 'dashboard\_%')
ORDER BY 1;
