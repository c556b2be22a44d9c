-- The latest notices ($1 of them), and what became of the messages of each.
SELECT n.fired_at, n.resolved_at, n.severity, n.title, n.lines,
       coalesce((SELECT string_agg(format('%s %s: %s', d.contact_point, d.event, concat_ws(', ', d.state, NULLIF(d.problem, ''))), '; ' ORDER BY d.due_at)
                 FROM dashboard_alerts.delivery d WHERE d.notice = n.id), '') AS deliveries
FROM dashboard_alerts.notice n
ORDER BY n.fired_at DESC, n.id
LIMIT $1;
