-- Take away what alerts.sql made; without CASCADE, so that nothing of anybody else's goes with it.
DROP TABLE IF EXISTS dashboard_alerts.delivery, dashboard_alerts.seen, dashboard_alerts.silence, dashboard_alerts.preference,
    dashboard_alerts.instance, dashboard_alerts.notice, dashboard_alerts.rule, dashboard_alerts.contact_point;
DROP FUNCTION IF EXISTS dashboard_alerts.due(timestamptz, time, time, text),
    dashboard_alerts.concerns(text, jsonb, text, jsonb), dashboard_alerts.drop_end();
DROP SCHEMA IF EXISTS dashboard_alerts;
