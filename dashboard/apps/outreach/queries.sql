-- What the page shows. Row security leaves a user nothing else to ask for; $1 names the user all the same, so that
-- only changes of their rows wake a query. What is a day is the session's business: the page asks in its reader's time
-- zone. $2 is the status of the campaigns meant, NULL for all, wherever nothing else is said.

-- name: invitations
SELECT count(*) FILTER (WHERE invited_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE invited_at < now() - interval '1 day') AS yesterday
FROM outreach.connections
WHERE user_id = $1 AND invited_at >= date_trunc('day', now()) - interval '1 day'
  AND ($2::text IS NULL OR campaign_id IN (SELECT id FROM outreach.campaigns WHERE user_id = $1 AND status::text = $2));

-- name: invitations_by_day
SELECT day, count(connection.id) AS invitations
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN outreach.connections connection
       ON user_id = $1 AND invited_at >= day AND invited_at < day + interval '1 day'
      AND ($2::text IS NULL OR campaign_id IN (SELECT id FROM outreach.campaigns WHERE user_id = $1 AND status::text = $2))
GROUP BY day
ORDER BY day;

-- name: rates
-- Of all who were invited, how many accepted; of those, how many replied.
SELECT connection.user_id, count(accepted_at)::float8 / NULLIF(count(*), 0) AS accepted,
       count(replied_at)::float8 / NULLIF(count(accepted_at), 0) AS replied
FROM outreach.connections connection
JOIN outreach.campaigns campaign ON campaign.id = connection.campaign_id
WHERE connection.user_id = $1 AND ($2::text IS NULL OR campaign.status::text = $2)
GROUP BY connection.user_id;

-- name: accepted_by_week
SELECT week, count(accepted_at)::float8 / NULLIF(count(connection.id), 0) AS accepted
FROM generate_series(date_trunc('week', now()) - interval '5 weeks', date_trunc('week', now()), interval '1 week') AS week
LEFT JOIN outreach.connections connection
       ON user_id = $1 AND invited_at >= week AND invited_at < week + interval '1 week'
      AND ($2::text IS NULL OR campaign_id IN (SELECT id FROM outreach.campaigns WHERE user_id = $1 AND status::text = $2))
GROUP BY week
ORDER BY week;

-- name: replied_by_week
SELECT week, count(replied_at)::float8 / NULLIF(count(accepted_at), 0) AS replied
FROM generate_series(date_trunc('week', now()) - interval '5 weeks', date_trunc('week', now()), interval '1 week') AS week
LEFT JOIN outreach.connections connection
       ON user_id = $1 AND invited_at >= week AND invited_at < week + interval '1 week'
      AND ($2::text IS NULL OR campaign_id IN (SELECT id FROM outreach.campaigns WHERE user_id = $1 AND status::text = $2))
GROUP BY week
ORDER BY week;

-- name: states
SELECT array_position(enum_range(NULL::outreach.connection_state), state) AS place, state::text AS state,
       count(*) AS connections
FROM outreach.connections connection
JOIN outreach.campaigns campaign ON campaign.id = connection.campaign_id
WHERE connection.user_id = $1 AND ($2::text IS NULL OR campaign.status::text = $2)
GROUP BY 1, 2
ORDER BY place;

-- name: campaigns
SELECT campaign.id, campaign.name, campaign.audience, campaign.status::text AS status, campaign.people,
       count(connection.id) AS invited, count(accepted_at) AS accepted, count(replied_at) AS replied,
       count(accepted_at)::float8 / NULLIF(count(connection.id), 0) AS "acceptance rate", changed_at AS changed
FROM outreach.campaigns campaign
LEFT JOIN outreach.connections connection ON connection.campaign_id = campaign.id AND connection.user_id = campaign.user_id
WHERE campaign.user_id = $1 AND ($2::text IS NULL OR campaign.status::text = $2)
GROUP BY campaign.id
ORDER BY invited DESC, campaign.id;

-- name: activity
-- $3: state of the connections meant; $4: kind; NULL for all.
SELECT log.id, log.at, log.kind::text AS kind, log.description
FROM outreach.logs log
LEFT JOIN outreach.campaigns campaign ON campaign.id = log.campaign_id
LEFT JOIN outreach.connections connection ON connection.id = log.connection_id
WHERE log.user_id = $1 AND ($2::text IS NULL OR campaign.status::text = $2)
  AND ($3::text IS NULL OR connection.state::text = $3) AND ($4::text IS NULL OR log.kind::text = $4)
ORDER BY log.at DESC, log.id DESC
LIMIT 200;

-- name: connections
-- $3: state; NULL for all.
SELECT connection.id, connection.name, headline, campaign.name AS campaign, country, state::text AS state,
       invited_at AS invited, GREATEST(accepted_at, replied_at, declined_at, withdrawn_at) AS answered
FROM outreach.connections connection
JOIN outreach.campaigns campaign ON campaign.id = connection.campaign_id
WHERE connection.user_id = $1 AND ($2::text IS NULL OR campaign.status::text = $2)
  AND ($3::text IS NULL OR connection.state::text = $3)
ORDER BY invited_at DESC, connection.id DESC;

-- name: imports
-- Those under way first, then the latest.
SELECT imported.id, imported.source, campaign.name AS campaign, imported.done, imported.total, imported.remaining,
       imported.state = 'finished' AS finished, imported.changed_at AS at
FROM outreach.import_status imported
LEFT JOIN outreach.campaigns campaign ON campaign.id = imported.campaign_id
WHERE imported.user_id = $1 AND ($2::text IS NULL OR campaign.status::text = $2)
ORDER BY finished, imported.id DESC
LIMIT 5;

-- name: people_remaining
SELECT imported.user_id, COALESCE(sum(remaining), 0) AS remaining, count(*) FILTER (WHERE state = 'running') AS running
FROM outreach.import_status imported
JOIN outreach.campaigns campaign ON campaign.id = imported.campaign_id
WHERE imported.user_id = $1 AND ($2::text IS NULL OR campaign.status::text = $2)
GROUP BY imported.user_id;

-- name: campaign
-- $2: the campaign, as in all that follow.
SELECT id, name AS title, status::text AS status,
       format('%s. At most %s invitations a day, which say: “%s”', audience, daily_limit, note) AS note
FROM outreach.campaigns
WHERE user_id = $1 AND id = $2;

-- name: campaign_states
SELECT array_position(enum_range(NULL::outreach.connection_state), state) AS place, state::text AS state,
       count(*) AS connections
FROM outreach.connections
WHERE user_id = $1 AND campaign_id = $2
GROUP BY 1, 2
ORDER BY place;

-- name: campaign_rates
SELECT campaign_id, count(*) AS invited, count(accepted_at)::float8 / NULLIF(count(*), 0) AS accepted,
       count(replied_at)::float8 / NULLIF(count(accepted_at), 0) AS replied
FROM outreach.connections
WHERE user_id = $1 AND campaign_id = $2
GROUP BY campaign_id;

-- name: campaign_progress
-- How many of the campaign's people were invited.
SELECT campaign.id, campaign.name AS source, campaign.people AS total, count(connection.id) AS done
FROM outreach.campaigns campaign
LEFT JOIN outreach.connections connection ON connection.campaign_id = campaign.id
WHERE campaign.user_id = $1 AND campaign.id = $2
GROUP BY campaign.id;

-- name: campaign_activity
-- $3: kind; NULL for all.
SELECT id, at, kind::text AS kind, description
FROM outreach.logs
WHERE user_id = $1 AND campaign_id = $2 AND ($3::text IS NULL OR kind::text = $3)
ORDER BY at DESC, id DESC
LIMIT 20;

-- name: campaign_connections
-- $3: state; NULL for all.
SELECT id, name, headline, country, state::text AS state, invited_at AS invited,
       GREATEST(accepted_at, replied_at, declined_at, withdrawn_at) AS answered
FROM outreach.connections
WHERE user_id = $1 AND campaign_id = $2 AND ($3::text IS NULL OR state::text = $3)
ORDER BY invited_at DESC, id DESC;

-- name: members
-- Whom one may look as; asked as the owner of the tables. $1: whether nobody has to log in.
SELECT id, handle, name FROM outreach.users WHERE $1::boolean ORDER BY id LIMIT 3;
