-- What became of run $2 of digest $1: a problem ($3; empty: none), and whether it went out all the same ($5). What did not
-- is tried again in $4 (an interval), or, where that is NULL, at its next time.
UPDATE dashboard_digests.digest
SET problem = $3,
    sent_at = CASE WHEN $5::boolean THEN clock_timestamp() ELSE sent_at END,
    due_at = CASE WHEN $4::interval IS NULL THEN dashboard_digests.next(schedule, zone, clock_timestamp()) ELSE due_at END,
    run = CASE WHEN $4::interval IS NULL THEN NULL ELSE run END,
    attempts = CASE WHEN $4::interval IS NULL THEN 0 ELSE attempts END,
    claimed_until = clock_timestamp() + $4::interval
WHERE id = $1 AND run = $2;
