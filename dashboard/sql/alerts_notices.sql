-- Add notices: a JSON array ($1) of their rows.
INSERT INTO dashboard_alerts.notice
    (id, rule, title, lines, instances, severity, is_event, labels, contacts, role, settings, fired_at, is_fault)
SELECT id, rule, title, lines, instances, severity, is_event, labels, contacts, role, settings, fired_at, is_fault
FROM jsonb_to_recordset($1::jsonb) AS new (
    id uuid, rule text, title text, lines text[], instances integer, severity text, is_event boolean, labels jsonb,
    contacts text[], role text, settings jsonb, fired_at timestamptz, is_fault boolean);
