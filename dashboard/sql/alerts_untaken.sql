-- The messages of the batch $1 did not go out, because of $2: they are tried again at $3, or (NULL) given up.
UPDATE dashboard_alerts.delivery
SET state = CASE WHEN $3::timestamptz IS NULL THEN 'failed' ELSE 'waiting' END,
    due_at = coalesce($3, due_at), problem = $2
WHERE batch = $1 AND state = 'sending'
RETURNING contact_point, role, settings;
