-- The contact point $1 has taken a message for the person of $2 (role) and $3 (settings): what said that it does not take
-- any is over.
UPDATE dashboard_alerts.notice SET resolved_at = clock_timestamp()
WHERE rule = 'delivery' AND resolved_at IS NULL
  AND labels = jsonb_build_object('contact point', $1::text)
  AND (role, settings) = ($2::text, $3::jsonb);
