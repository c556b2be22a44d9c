-- Tell a person (role $3, settings $4) that a contact point ($2) refuses what it is sent, and why ($5); once, until it takes
-- something again. $1: the notice's id.
INSERT INTO dashboard_alerts.notice (id, rule, title, lines, severity, labels, role, settings, fired_at)
SELECT $1::uuid, 'delivery', format('%s takes no messages', $2::text), ARRAY[$5::text], 'warning', jsonb_build_object('contact point', $2::text), $3::text, $4::jsonb, clock_timestamp()
WHERE NOT EXISTS (
    SELECT FROM dashboard_alerts.notice
    WHERE rule = 'delivery' AND resolved_at IS NULL AND labels = jsonb_build_object('contact point', $2::text)
      AND (role, settings) = ($3::text, $4::jsonb));
