-- What waits to be told to a person (role $1, settings $2; nobody's role: to all) goes by what they want now, $3 being the time
-- it is: to the address they have now, when their quiet hours end as they are now, or not at all where they have left the
-- place or silenced it. What a rule sends to a contact point in any case is for nobody to choose.
UPDATE dashboard_alerts.delivery d
SET state = CASE WHEN told.is_wanted THEN 'waiting' ELSE 'dropped' END,
    problem = CASE WHEN told.is_wanted THEN d.problem ELSE 'not wanted any more' END,
    address = CASE WHEN told.is_wanted THEN told.address ELSE d.address END,
    due_at = told.due_at
FROM (
    SELECT w.id, coalesce(p.address, w.address) AS address,
           CASE WHEN n.severity = 'critical' OR w.attempts > 0 THEN w.due_at
                ELSE coalesce(dashboard_alerts.due($3, p.quiet_from, p.quiet_until, p.zone), w.due_at) END AS due_at,
           (w.role = '' AND w.contact_point = ANY (n.contacts)
            OR p.contact_point IS NOT NULL
               AND (w.event = 'resolved'
                    OR array_position(ARRAY['info', 'warning', 'critical'], n.severity)
                       >= array_position(ARRAY['info', 'warning', 'critical'], p.minimum))
               AND NOT EXISTS (  -- somebody else is told the same there
                   SELECT FROM dashboard_alerts.delivery o
                   WHERE o.id <> w.id AND (o.notice, o.event, o.contact_point, o.address, o.round)
                         = (w.notice, w.event, w.contact_point, p.address, w.round)))
           AND (w.event = 'resolved' OR NOT EXISTS (
               SELECT FROM dashboard_alerts.silence s
               WHERE s.until > $3 AND (s.rule IS NULL OR s.rule = n.rule) AND n.labels @> s.labels
                 AND (s.role = '' AND s.settings = '{}' OR (s.role, s.settings) = (w.role, w.settings)))) AS is_wanted
    FROM dashboard_alerts.delivery w
    JOIN dashboard_alerts.notice n ON n.id = w.notice
    LEFT JOIN dashboard_alerts.preference p
           ON (p.role, p.settings, p.contact_point) = (w.role, w.settings, w.contact_point)
    WHERE w.state = 'waiting' AND ($1::text = '' OR (w.role, w.settings) = ($1, $2::text::jsonb))) told
WHERE d.id = told.id AND d.state = 'waiting';
