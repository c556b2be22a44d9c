-- Note a rule's ($1) instances as they are now: a JSON array ($2) of their rows.
INSERT INTO dashboard_alerts.instance
    (rule, fingerprint, state, since, is_told, notice, text, severity, labels, role, settings)
SELECT $1, fingerprint, state, since, is_told, notice, text, severity, labels, role, settings
FROM jsonb_to_recordset($2::jsonb) AS new (
    fingerprint text, state text, since timestamptz, is_told boolean, notice uuid, text text, severity text, labels jsonb,
    role text, settings jsonb)
ON CONFLICT (rule, fingerprint) DO UPDATE
SET state = EXCLUDED.state, since = EXCLUDED.since, is_told = EXCLUDED.is_told, notice = EXCLUDED.notice;
