-- Notices that still fire and are told again at $2, with what fires of them now: a JSON array ($1) of their rows.
UPDATE dashboard_alerts.notice n
SET title = new.title, lines = new.lines, instances = new.instances, severity = new.severity,
    repeated_at = $2, repeats = n.repeats + 1
FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, title text, lines text[], instances integer, severity text)
WHERE n.id = new.id AND n.resolved_at IS NULL;
