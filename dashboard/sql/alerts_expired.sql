-- Deliveries whose sender has not been heard of: nobody knows whether they went out. What has to arrive, and what the other
-- end can tell from its first copy (an e-mail by its Message-ID), is sent again; the rest is not, and says so.
UPDATE dashboard_alerts.delivery d
SET state = CASE WHEN c.url ~ '^mailtos?:' OR n.severity = 'critical' THEN 'waiting' ELSE 'doubtful' END,
    problem = 'the process that sent it ended meanwhile; it may have been sent'
FROM dashboard_alerts.contact_point c, dashboard_alerts.notice n
WHERE d.state = 'sending' AND d.claimed_until < clock_timestamp() AND c.name = d.contact_point AND n.id = d.notice;
