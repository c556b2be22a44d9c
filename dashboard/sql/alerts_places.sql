-- Contact points that a person (role $1, settings $2) may be told at, and how they want to be; the others are for those who
-- look after the database.
SELECT c.name, c.is_personal, p.address, p.minimum, p.quiet_from, p.quiet_until
FROM dashboard_alerts.contact_point c
LEFT JOIN dashboard_alerts.preference p
       ON p.contact_point = c.name AND p.role = $1::text AND p.settings = $2::text::jsonb
WHERE c.is_personal OR $1::text = '' OR p.contact_point IS NOT NULL
ORDER BY c.name;
