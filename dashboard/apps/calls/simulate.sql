-- What callers, agents and buyers do, one statement each. Events, payments due and alerts about payments are the
-- triggers' business.

-- name: campaigns
SELECT id, account_id, name, floor::float8 FROM calls.campaigns ORDER BY id;

-- name: idle_agents
SELECT agent.id, agent.account_id
FROM calls.agents agent
WHERE NOT EXISTS (SELECT FROM calls.calls call WHERE call.agent_id = agent.id AND call.ended_at IS NULL)
ORDER BY agent.id;

-- name: open_calls
SELECT id, account_id, agent_id, state::text FROM calls.calls WHERE ended_at IS NULL ORDER BY id;

-- name: open_auctions
SELECT id FROM calls.auctions WHERE state = 'open' ORDER BY id;

-- name: pending_payments
SELECT id FROM calls.payments WHERE status = 'pending' ORDER BY id DESC LIMIT 200;

-- name: ring
INSERT INTO calls.calls (account_id, campaign_id, caller, phone, country) VALUES ($1, $2, $3, $4, $5) RETURNING id;

-- name: answer
UPDATE calls.calls SET answered_at = now(), agent_id = $2 WHERE id = $1 AND answered_at IS NULL AND ended_at IS NULL;

-- name: hold
UPDATE calls.calls SET held_at = now() WHERE id = $1 AND state = 'active';

-- name: resume
UPDATE calls.calls SET held_at = NULL WHERE id = $1 AND state = 'on hold';

-- name: hang_up
UPDATE calls.calls SET ended_at = now(), held_at = NULL WHERE id = $1 AND ended_at IS NULL;

-- name: open_auction
INSERT INTO calls.auctions (account_id, call_id, floor, ends_at)
SELECT call.account_id, call.id, campaign.floor, now() + make_interval(secs => $2)
FROM calls.calls call JOIN calls.campaigns campaign ON campaign.id = call.campaign_id
WHERE call.id = $1 AND call.state = 'ended'
ON CONFLICT (call_id) DO NOTHING
RETURNING id;

-- name: auction
SELECT floor::float8, best_bid::float8, buyer_id FROM calls.auctions
WHERE id = $1 AND state = 'open' AND ends_at > now() FOR UPDATE;

-- name: bid
INSERT INTO calls.bids (account_id, auction_id, buyer_id, amount)
SELECT account_id, id, $2, $3::float8::numeric(8, 2) FROM calls.auctions WHERE id = $1;

-- name: buyers
SELECT id FROM calls.buyers ORDER BY id;

-- name: close_auction
UPDATE calls.auctions
SET state = CASE WHEN bids > 0 THEN 'sold'::calls.auction_state ELSE 'unsold' END,
    ends_at = GREATEST(LEAST(ends_at, now()), opened_at + interval '1 millisecond')
WHERE id = $1 AND state = 'open';

-- name: settle
UPDATE calls.payments SET status = $2::text::calls.payment_status, settled_at = GREATEST(now(), due_at)
WHERE id = $1 AND status = 'pending';

-- name: payment_of
SELECT id FROM calls.payments WHERE auction_id = $1 AND status = 'pending';

-- name: raise
INSERT INTO calls.alerts (account_id, severity, message) VALUES ($1, $2::text::calls.severity, $3) RETURNING id;

-- name: acknowledge
UPDATE calls.alerts SET acknowledged_at = now() WHERE id = $1 AND acknowledged_at IS NULL;

-- name: waiting_alerts
SELECT id FROM calls.alerts WHERE acknowledged_at IS NULL ORDER BY id DESC LIMIT 20;

-- name: forget_events
DELETE FROM calls.events
WHERE id IN (SELECT id FROM calls.events WHERE happened_at < now() - interval '2 days' ORDER BY id LIMIT 500);
