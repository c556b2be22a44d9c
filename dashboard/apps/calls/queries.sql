-- What the page shows, each statement as one account: row security leaves nothing else to be asked for.
-- "Yesterday" is always yesterday until this time of day, so that a morning is compared with a morning. What is a day
-- is the session's business: the page asks in its reader's time zone.
--
-- $1 is the name of the campaign meant, NULL for all, wherever nothing else is said.

-- name: on_the_line
SELECT count(*) AS calls, count(*) FILTER (WHERE state = 'ringing') AS ringing
FROM calls.calls
WHERE ended_at IS NULL AND ($1::text IS NULL OR campaign_id IN (SELECT id FROM calls.campaigns WHERE name = $1));

-- name: going_on
-- Each call since when it is in its state; the clock runs in the browser.
SELECT call.id, call.state::text AS state, call.caller, call.country, campaign.name AS campaign, agent.name AS agent,
       COALESCE(call.held_at, call.answered_at, call.started_at) AS since, call.started_at
FROM calls.calls call
JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
LEFT JOIN calls.agents agent ON agent.id = call.agent_id
WHERE call.ended_at IS NULL AND ($1::text IS NULL OR campaign.name = $1)
ORDER BY call.started_at, call.id;

-- name: calls_today
SELECT count(*) FILTER (WHERE started_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE started_at < now() - interval '1 day') AS yesterday
FROM calls.calls
WHERE started_at >= date_trunc('day', now()) - interval '1 day'
  AND ($1::text IS NULL OR campaign_id IN (SELECT id FROM calls.campaigns WHERE name = $1));

-- name: calls_by_hour
SELECT hour, count(call.id) AS calls
FROM generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()), interval '1 hour') AS hour
LEFT JOIN calls.calls call
       ON started_at >= hour AND started_at < hour + interval '1 hour'
      AND ($1::text IS NULL OR campaign_id IN (SELECT id FROM calls.campaigns WHERE name = $1))
GROUP BY hour
ORDER BY hour;

-- name: answered
SELECT (count(answered_at) FILTER (WHERE started_at >= now() - interval '1 day'))::float8
           / NULLIF(count(*) FILTER (WHERE started_at >= now() - interval '1 day'), 0) AS answered,
       (count(answered_at) FILTER (WHERE started_at < now() - interval '1 day'))::float8
           / NULLIF(count(*) FILTER (WHERE started_at < now() - interval '1 day'), 0) AS day_before
FROM calls.calls
WHERE started_at >= now() - interval '2 days' AND state <> 'ringing'
  AND ($1::text IS NULL OR campaign_id IN (SELECT id FROM calls.campaigns WHERE name = $1));

-- name: answered_by_day
SELECT day, count(answered_at)::float8 / NULLIF(count(call.id), 0) AS answered
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN calls.calls call
       ON started_at >= day AND started_at < day + interval '1 day' AND state <> 'ringing'
      AND ($1::text IS NULL OR campaign_id IN (SELECT id FROM calls.campaigns WHERE name = $1))
GROUP BY day
ORDER BY day;

-- name: sales
SELECT COALESCE(sum(amount) FILTER (WHERE due_at >= date_trunc('day', now())), 0) AS today,
       COALESCE(sum(amount) FILTER (WHERE due_at < now() - interval '1 day'), 0) AS yesterday
FROM calls.payments
WHERE due_at >= date_trunc('day', now()) - interval '1 day'
  AND ($1::text IS NULL OR auction_id IN (
           SELECT auction.id
           FROM calls.auctions auction
           JOIN calls.calls call ON call.id = auction.call_id
           JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
           WHERE campaign.name = $1));

-- name: sales_by_hour
SELECT hour, COALESCE(sum(amount), 0) AS sales
FROM generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()), interval '1 hour') AS hour
LEFT JOIN calls.payments
       ON due_at >= hour AND due_at < hour + interval '1 hour'
      AND ($1::text IS NULL OR auction_id IN (
           SELECT auction.id
           FROM calls.auctions auction
           JOIN calls.calls call ON call.id = auction.call_id
           JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
           WHERE campaign.name = $1))
GROUP BY hour
ORDER BY hour;

-- name: calls_over_time
-- $2: length of one step; $3: number of steps; $4: their end, NULL for now. Steps without a call are there, with 0.
SELECT step AS at, outcome, count(call.id) AS calls
FROM (SELECT COALESCE($4::timestamptz, now()) AS until) AS given
CROSS JOIN LATERAL (SELECT CASE WHEN $2::interval < interval '1 day' THEN date_bin($2::interval, until, date_trunc('day', until))
                                ELSE date_trunc('day', until) END AS last) AS ending
CROSS JOIN LATERAL generate_series(last - ($3::integer - 1) * $2::interval, last, $2::interval) AS step
CROSS JOIN (VALUES (1, 'answered'), (2, 'missed')) AS outcomes (place, outcome)
LEFT JOIN calls.calls call
       ON call.started_at >= step AND call.started_at < step + $2::interval
      AND (outcome = 'missed') = (call.state = 'missed') AND call.state <> 'ringing'
      AND ($1::text IS NULL OR campaign_id IN (SELECT id FROM calls.campaigns WHERE name = $1))
GROUP BY step, place, outcome
ORDER BY step, place;

-- name: events
-- $1: kind; NULL for all.
SELECT id, happened_at, kind::text AS kind, subject, description FROM calls.events
WHERE $1::text IS NULL OR kind::text = $1
ORDER BY happened_at DESC, id DESC
LIMIT 50;

-- name: bidding
-- `next` is a bid that would lead, `buyers` are those for whom one can be placed.
SELECT auction.id, call.caller AS lead, campaign.name AS campaign, auction.best_bid AS best, buyer.name AS leader,
       auction.bids, auction.history, auction.floor, auction.ends_at,
       COALESCE(ceil(auction.best_bid * 1.05), auction.floor) AS next,
       ARRAY(SELECT name FROM calls.buyers ORDER BY name) AS buyers
FROM calls.auctions auction
JOIN calls.calls call ON call.id = auction.call_id
JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
LEFT JOIN calls.buyers buyer ON buyer.id = auction.buyer_id
WHERE auction.state = 'open' AND ($1::text IS NULL OR campaign.name = $1)
ORDER BY auction.ends_at, auction.id;

-- name: buyers
SELECT id, name FROM calls.buyers ORDER BY name;

-- name: bids
SELECT bid.id, bid.placed_at, bid.amount, buyer.name AS buyer, call.caller AS lead
FROM calls.bids bid
JOIN calls.buyers buyer ON buyer.id = bid.buyer_id
JOIN calls.auctions auction ON auction.id = bid.auction_id
JOIN calls.calls call ON call.id = auction.call_id
LEFT JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
WHERE $1::text IS NULL OR campaign.name = $1
ORDER BY bid.placed_at DESC, bid.id DESC
LIMIT 30;

-- name: payments
SELECT payment.id, buyer.name AS buyer, call.caller AS lead, payment.amount, payment.status::text AS status,
       COALESCE(payment.settled_at, payment.due_at) AS "when"
FROM calls.payments payment
JOIN calls.buyers buyer ON buyer.id = payment.buyer_id
JOIN calls.auctions auction ON auction.id = payment.auction_id
JOIN calls.calls call ON call.id = auction.call_id
LEFT JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
WHERE $1::text IS NULL OR campaign.name = $1
ORDER BY COALESCE(payment.settled_at, payment.due_at) DESC, payment.id DESC;

-- name: alerts
-- Those that wait for somebody come first.
SELECT id, severity::text AS severity, message, raised_at, acknowledged_at IS NOT NULL AS acknowledged
FROM calls.alerts
ORDER BY acknowledged, raised_at DESC, id DESC
LIMIT 40;

-- name: log
-- $2: answered or missed; NULL for all.
SELECT call.id, call.caller, call.phone, campaign.name AS campaign, agent.name AS agent, call.state::text AS state,
       call.duration, call.started_at AS started
FROM calls.calls call
JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
LEFT JOIN calls.agents agent ON agent.id = call.agent_id
WHERE ($1::text IS NULL OR campaign.name = $1)
  AND ($2::text IS NULL OR (($2 = 'missed') = (call.state = 'missed') AND call.state <> 'ringing'))
ORDER BY call.started_at DESC, call.id DESC;

-- name: campaigns
SELECT DISTINCT name FROM calls.campaigns ORDER BY name;

-- name: accounts
-- Whom one may look as; asked as the owner of the tables. $1: whether nobody has to log in.
SELECT id, handle, name FROM calls.accounts WHERE $1::boolean ORDER BY id LIMIT 4;
