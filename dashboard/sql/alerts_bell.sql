-- The latest 50 notices for whoever asks; those that concern nobody in particular only where $1.
SELECT id, rule, title, lines, instances, severity, is_event, resolved_at,
       coalesce(repeated_at, fired_at) AS told_at
FROM dashboard_alerts.notice
WHERE $1::boolean OR role = ''
ORDER BY told_at DESC, id DESC
LIMIT 50
