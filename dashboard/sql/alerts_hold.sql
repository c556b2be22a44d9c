-- Hold rules ($1) as $2 for $3 more, as far as nobody else does; which of them were ever evaluated, and which contact points
-- they name that there are none of.
UPDATE dashboard_alerts.rule
SET holder = $2, term = term + CASE WHEN holder = $2 THEN 0 ELSE 1 END, held_until = clock_timestamp() + $3::interval
WHERE name = ANY ($1) AND (holder = $2 OR holder IS NULL OR held_until < clock_timestamp())
RETURNING name, term, begun_at IS NOT NULL AS has_begun,
          ARRAY(SELECT unnest(contacts) EXCEPT SELECT c.name FROM dashboard_alerts.contact_point c ORDER BY 1) AS missing;
