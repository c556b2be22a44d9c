-- Resolve those of these notices ($1) of which no instance is left, at $2. Who was told hears of it, in the same quiet hours;
-- who was not told yet is told neither.
WITH resolved AS (
    UPDATE dashboard_alerts.notice n SET resolved_at = $2
    WHERE n.id = ANY ($1) AND n.resolved_at IS NULL AND NOT n.is_event
      AND NOT EXISTS (SELECT FROM dashboard_alerts.instance i WHERE i.notice = n.id)
    RETURNING n.id, n.severity),
dropped AS (
    UPDATE dashboard_alerts.delivery d SET state = 'dropped', problem = 'resolved before it was sent'
    FROM resolved
    WHERE d.notice = resolved.id AND d.event = 'fired' AND d.state = 'waiting' AND d.attempts = 0
    RETURNING d.id)
INSERT INTO dashboard_alerts.delivery (notice, event, contact_point, address, role, settings, due_at)
SELECT d.notice, 'resolved', d.contact_point, d.address, d.role, d.settings,
       CASE resolved.severity WHEN 'critical' THEN $2
            ELSE coalesce(dashboard_alerts.due($2, p.quiet_from, p.quiet_until, p.zone), $2) END
FROM resolved
JOIN dashboard_alerts.delivery d ON d.notice = resolved.id AND d.event = 'fired'
LEFT JOIN dashboard_alerts.preference p
       ON (p.role, p.settings, p.contact_point) = (d.role, d.settings, d.contact_point)
WHERE d.state IN ('waiting', 'sending', 'sent', 'doubtful') AND d.id NOT IN (SELECT id FROM dropped)
ON CONFLICT DO NOTHING;
