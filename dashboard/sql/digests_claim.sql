-- Take the digest that has been due longest for $1 (an interval), or the one with the number $2, due or not; one whose
-- process has ended is taken again. However many runs were missed, it is one.
WITH due AS (
    SELECT id FROM dashboard_digests.digest
    WHERE coalesce(id = $2, is_on AND due_at <= clock_timestamp())
      AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    ORDER BY due_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED)
UPDATE dashboard_digests.digest d
SET run = coalesce(run, gen_random_uuid()), attempts = attempts + 1, claimed_until = clock_timestamp() + $1::interval
FROM due WHERE d.id = due.id
RETURNING d.id, d.page, d.login, d.format, d.since, d.contact_point, d.folder, d.schedule, d.zone, d.address, d.run,
          d.attempts, d.due_at;
