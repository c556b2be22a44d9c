-- How alerts do: rules, those that nobody watches, and per contact point what was not sent within a day, with its last reason.
SELECT (SELECT count(*) FROM dashboard_alerts.rule) AS rules,
       ARRAY(SELECT name FROM dashboard_alerts.rule
             WHERE held_until IS NULL OR held_until < now() - interval '30 seconds' ORDER BY name) AS unwatched,
       ARRAY(SELECT format('%s (%s: %s)', contact_point, count(*), (array_agg(problem ORDER BY claimed_until DESC))[1])
             FROM dashboard_alerts.delivery
             WHERE state IN ('failed', 'doubtful') AND claimed_until > now() - interval '1 day'
             GROUP BY contact_point ORDER BY contact_point) AS unsent;
