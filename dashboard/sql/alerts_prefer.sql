-- Note how the person of $1 (role) and $2 (settings) wants to be told by the contact point $3: at which address ($4), from
-- which severity on ($5), and when not ($6 to $7, in the zone $8).
INSERT INTO dashboard_alerts.preference
    (role, settings, contact_point, address, minimum, quiet_from, quiet_until, zone)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (role, settings, contact_point) DO UPDATE
SET (address, minimum, quiet_from, quiet_until, zone) =
    (EXCLUDED.address, EXCLUDED.minimum, EXCLUDED.quiet_from, EXCLUDED.quiet_until, EXCLUDED.zone);
