-- Take what is due at $1 for one place, the longest due first, for $2 (an interval): a batch of its own ($3), or one that
-- was tried before, as it was. A place that was sent something within $4, or is being sent something, waits; so does the end
-- of what could not be told there yet.
WITH place AS (
    SELECT d.contact_point, d.address, d.batch
    FROM dashboard_alerts.delivery d
    WHERE d.state = 'waiting' AND d.due_at <= $1
      AND (d.event = 'fired' OR NOT EXISTS (
          SELECT FROM dashboard_alerts.delivery f
          WHERE (f.notice, f.event, f.contact_point, f.address) = (d.notice, 'fired', d.contact_point, d.address)
            AND f.state = 'waiting'))
      AND EXISTS (SELECT FROM dashboard_alerts.contact_point c WHERE c.name = d.contact_point)
      AND NOT EXISTS (SELECT FROM dashboard_alerts.delivery s
                      WHERE (s.contact_point, s.address) = (d.contact_point, d.address)
                        AND (s.state = 'sending' OR s.state = 'sent' AND s.sent_at > clock_timestamp() - $4::interval))
    ORDER BY d.due_at, d.id
    LIMIT 1
    FOR UPDATE SKIP LOCKED),
due AS (
    SELECT d.id
    FROM dashboard_alerts.delivery d, place
    WHERE d.state = 'waiting' AND d.due_at <= $1
      AND (d.contact_point, d.address) = (place.contact_point, place.address) AND d.batch IS NOT DISTINCT FROM place.batch
      AND (d.event = 'fired' OR NOT EXISTS (
          SELECT FROM dashboard_alerts.delivery f
          WHERE (f.notice, f.event, f.contact_point, f.address) = (d.notice, 'fired', d.contact_point, d.address)
            AND f.state = 'waiting'))
    ORDER BY d.due_at, d.id
    LIMIT 50
    FOR UPDATE OF d SKIP LOCKED),
taken AS (
    UPDATE dashboard_alerts.delivery d
    SET state = 'sending', attempts = attempts + 1, batch = coalesce(batch, $3), claimed_until = clock_timestamp() + $2::interval
    FROM due WHERE d.id = due.id
    RETURNING d.*)
SELECT t.id, t.batch, t.event, t.attempts, t.contact_point, t.address, t.role, t.settings, c.url, n.rule, n.title, n.lines,
       n.instances, n.severity, n.fired_at, n.resolved_at, t.round > 0 AS is_repeat
FROM taken t
JOIN dashboard_alerts.contact_point c ON c.name = t.contact_point
JOIN dashboard_alerts.notice n ON n.id = t.notice
ORDER BY n.fired_at, t.event;
