-- Queue what is to be sent of notices ($1), new ones and such as are told again, at $2 (the time it is): to the persons
-- concerned as they prefer, and to the contact points that the rule names; not to whom silenced it, nor where the same waits.
INSERT INTO dashboard_alerts.delivery (notice, event, contact_point, address, role, settings, round, due_at)
SELECT DISTINCT ON (n.id, told.contact_point, told.address)
       n.id, 'fired', told.contact_point, told.address, told.role, told.settings, n.repeats,
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
        AND (s.role = '' AND s.settings = '{}' OR (s.role, s.settings) = (told.role, told.settings)))
  AND NOT EXISTS (
      SELECT FROM dashboard_alerts.delivery d
      WHERE (d.notice, d.event, d.contact_point, d.address) = (n.id, 'fired', told.contact_point, told.address)
        AND d.state IN ('waiting', 'sending'))
ORDER BY n.id, told.contact_point, told.address, 8
ON CONFLICT DO NOTHING;
