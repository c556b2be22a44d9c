-- What the page shows. Row security leaves an owner nothing else to ask for; $1 names the owner all the same, so that
-- only changes of their rows wake a query.
--
-- What is "today" or "of the last hour" changes as time passes and is asked again; it is bound to an index on time, and
-- costs the same whatever the table holds. All else is followed row by row or group by group. What is a day is the
-- session's business: the page asks in its reader's time zone.

-- name: total
SELECT owner_id, sum(amount) AS total
FROM earnings.tallies
WHERE owner_id = $1 AND kind = 'earning'
GROUP BY owner_id;

-- name: today
-- "Yesterday" is yesterday until this time of day, so that a morning is compared with a morning. $2: source; NULL for all.
SELECT COALESCE(sum(amount) FILTER (WHERE at >= date_trunc('day', now())), 0) AS today,
       COALESCE(sum(amount) FILTER (WHERE at < now() - interval '1 day'), 0) AS yesterday
FROM earnings.earnings
WHERE owner_id = $1 AND at >= date_trunc('day', now()) - interval '1 day' AND ($2::text IS NULL OR kind::text = $2);

-- name: by_day
-- $2: source; NULL for all, which are tallied.
SELECT day, COALESCE(sum(amount), 0) AS earned
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN (SELECT hour AS at, amount FROM earnings.tallies WHERE owner_id = $1 AND kind = 'earning' AND $2::text IS NULL
           UNION ALL
           SELECT at, amount FROM earnings.earnings WHERE owner_id = $1 AND kind::text = $2) AS earned
       ON at >= day AND at < day + interval '1 day'
GROUP BY day
ORDER BY day;

-- name: growth
-- What the last 14 days added, day upon day.
SELECT day, sum(COALESCE(sum(amount), 0)) OVER (ORDER BY day) AS added
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN earnings.tallies ON owner_id = $1 AND kind = 'earning' AND hour >= day AND hour < day + interval '1 day'
GROUP BY day
ORDER BY day;

-- name: events_today
-- Today, and yesterday until the end of this hour of the day.
SELECT COALESCE(sum(events) FILTER (WHERE kind = 'impression' AND today), 0) AS impressions,
       COALESCE(sum(events) FILTER (WHERE kind = 'impression' AND before), 0) AS impressions_yesterday,
       (sum(events) FILTER (WHERE kind = 'click' AND today))::float8
           / NULLIF(sum(events) FILTER (WHERE kind = 'impression' AND today), 0)::float8 AS clicked,
       (sum(events) FILTER (WHERE kind = 'click' AND before))::float8
           / NULLIF(sum(events) FILTER (WHERE kind = 'impression' AND before), 0)::float8 AS clicked_yesterday
FROM (
    SELECT kind, events, hour >= date_trunc('day', now()) AS today, hour <= now() - interval '1 day' AS before
    FROM earnings.tallies
    WHERE owner_id = $1 AND hour >= date_trunc('day', now()) - interval '1 day'
) tally;

-- name: impressions_by_hour
SELECT step, COALESCE(sum(events), 0) AS impressions
FROM generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()), interval '1 hour') AS step
LEFT JOIN earnings.tallies
       ON owner_id = $1 AND kind = 'impression' AND hour >= step AND hour < step + interval '1 hour'
GROUP BY step
ORDER BY step;

-- name: ticker
-- $2: source; $3: status of the assets meant; NULL for all.
SELECT earning.id, earning.at, earning.kind::text AS source, earning.amount, asset.name AS asset
FROM earnings.earnings earning
LEFT JOIN earnings.assets asset ON asset.id = earning.asset_id
WHERE earning.owner_id = $1 AND ($2::text IS NULL OR earning.kind::text = $2)
  AND ($3::text IS NULL OR asset.status::text = $3)
ORDER BY earning.at DESC, earning.id DESC
LIMIT 5;

-- name: feed
-- $2: kind; $3: status of the assets meant; NULL for all.
SELECT event.id, event.at, event.kind::text AS kind, event.amount, asset.name AS asset, campaign.name AS campaign
FROM earnings.events event
LEFT JOIN earnings.assets asset ON asset.id = event.asset_id
LEFT JOIN earnings.campaigns campaign ON campaign.id = event.campaign_id
WHERE event.owner_id = $1 AND ($2::text IS NULL OR event.kind::text = $2)
  AND ($3::text IS NULL OR asset.status::text = $3)
ORDER BY event.at DESC, event.id DESC
LIMIT 200;

-- name: statistics
SELECT array_position(enum_range(NULL::earnings.event_kind), kind) AS place, kind::text AS kind, sum(events) AS events
FROM earnings.tallies
WHERE owner_id = $1
GROUP BY 1, 2
ORDER BY place;

-- name: over_time
-- $2: length of one step; $3: number of steps; $4: their end, NULL for now. Steps in which nothing was earned are there, with 0.
SELECT step AS at, kinds.kind::text AS source, COALESCE(sum(earning.amount), 0) AS earned
FROM (SELECT COALESCE($4::timestamptz, now()) AS until) AS given
CROSS JOIN LATERAL (SELECT CASE WHEN $2::interval < interval '1 day' THEN date_bin($2::interval, until, date_trunc('day', until))
                                ELSE date_trunc('day', until) END AS last) AS ending
CROSS JOIN LATERAL generate_series(last - ($3::integer - 1) * $2::interval, last, $2::interval) AS step
CROSS JOIN unnest(enum_range(NULL::earnings.earning_kind)) AS kinds (kind)
LEFT JOIN earnings.earnings earning
       ON earning.owner_id = $1 AND earning.at >= step AND earning.at < step + $2::interval AND earning.kind = kinds.kind
GROUP BY step, kinds.kind
ORDER BY step, kinds.kind;

-- name: assets
-- $2: status; NULL for all.
SELECT id, name, category, status::text AS status, records, payments, earned, earned_at AS "last earning"
FROM earnings.assets
WHERE owner_id = $1 AND ($2::text IS NULL OR status::text = $2)
ORDER BY earned DESC, id;

-- name: assets_by_status
SELECT array_position(enum_range(NULL::earnings.asset_status), status) AS place, status::text AS status,
       count(*) AS assets
FROM earnings.assets
WHERE owner_id = $1
GROUP BY 1, 2
ORDER BY place;

-- name: simulation
SELECT owner_id, is_on FROM earnings.simulation WHERE owner_id = $1;

-- name: members
-- Whom one may look as; asked as the owner of the tables. $1: whether nobody has to log in.
SELECT id, handle, name FROM earnings.owners WHERE $1::boolean ORDER BY id LIMIT 3;
