-- Queue what is to be sent of new notices ($1) at $2 (the time it is): to the persons concerned as they prefer, and to the
-- contact points that the rule names; not to whom silenced it.
INSERT INTO dashboard_alerts.delivery (notice, event, contact_point, address, role, settings, due_at)
SELECT DISTINCT ON (n.id, told.contact_point, told.address)
       n.id, 'fired', told.contact_point, told.address, told.role, told.settings,
       CASE n.severity WHEN 'critical' THEN $2 ELSE dashboard_alerts.due($2, told.quiet_from, told.quiet_until, told.zone) END
FROM dashboard_alerts.notice n
CROSS JOIN LATERAL (
    SELECT p.contact_point, p.address, p.role, p.settings, p.quiet_from, p.quiet_until, p.zone
    FROM dashboard_alerts.preference p
    WHERE dashboard_alerts.concerns(n.role, n.settings, p.role, p.settings)
      AND array_position(ARRAY['info', 'warning', 'critical'], n.severity)
          >= array_position(ARRAY['info', 'warning', 'critical'], p.minimum)
    UNION ALL
    SELECT c.name, '', '', '{}', NULL, NULL, 'UTC'
    FROM dashboard_alerts.contact_point c
    WHERE c.name = ANY (n.contacts) AND NOT c.is_personal) told
WHERE n.id = ANY ($1)
  AND NOT EXISTS (
      SELECT FROM dashboard_alerts.silence s
      WHERE s.until > $2 AND (s.rule IS NULL OR s.rule = n.rule) AND n.labels @> s.labels
        AND (s.role = '' OR (s.role, s.settings) = (told.role, told.settings)))
ORDER BY n.id, told.contact_point, told.address, 7
ON CONFLICT DO NOTHING;
