-- From the sample files to rows that end now: what would lie in the future is left out, so that what was going on at
-- this time of the week goes on: some calls ring, some are spoken, some leads are bid for.

-- The triggers that keep the events stay out of this: events are made below, in order, with their own times.
ALTER TABLE calls.calls DISABLE TRIGGER USER;
ALTER TABLE calls.auctions DISABLE TRIGGER USER;
ALTER TABLE calls.bids DISABLE TRIGGER USER;
ALTER TABLE calls.payments DISABLE TRIGGER USER;
ALTER TABLE calls.alerts DISABLE TRIGGER USER;

INSERT INTO calls.accounts (id, handle, name, joined_at)
SELECT id, handle, name, now() - make_interval(days => 90 * (9 - id)) FROM sample_accounts;
INSERT INTO calls.buyers (id, name) SELECT id, name FROM sample_buyers;
INSERT INTO calls.agents (id, account_id, name) SELECT id, account_id, name FROM sample_agents;
INSERT INTO calls.campaigns (id, account_id, name, channel, floor)
SELECT id, account_id, name, channel, floor FROM sample_campaigns;

CREATE FUNCTION pg_temp.past(moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN moment <= now() THEN moment END
$$;

CREATE TEMPORARY TABLE heard ON COMMIT DROP AS
SELECT id, campaign_id, agent_id, caller, phone, country, started_at,
       started_at + make_interval(secs => answered_after) AS answered_at,
       started_at + make_interval(secs => ended_after) AS ended_at
FROM (SELECT sample_calls.*, pg_temp.at(at) AS started_at FROM sample_calls
      UNION ALL
      SELECT sample_latest.*, now() + make_interval(secs => at) FROM sample_latest) call
WHERE started_at <= now();

INSERT INTO calls.calls (id, account_id, campaign_id, agent_id, caller, phone, country, started_at, answered_at, ended_at)
SELECT call.id, campaign.account_id, campaign.id, CASE WHEN answered_at <= now() THEN agent_id END,
       caller, phone, country, started_at, pg_temp.past(answered_at), pg_temp.past(ended_at)
FROM heard call
JOIN sample_campaigns campaign ON campaign.id = call.campaign_id
ORDER BY started_at, call.id;

CREATE TEMPORARY TABLE offered ON COMMIT DROP AS
SELECT auction.id, call_id, campaign_id, started_at + make_interval(secs => opened_after) AS opened_at,
       started_at + make_interval(secs => opened_after + seconds) AS ends_at, settled_after, status
FROM sample_auctions auction JOIN heard call ON call.id = auction.call_id
WHERE started_at + make_interval(secs => opened_after) <= now();

CREATE TEMPORARY TABLE bids_so_far ON COMMIT DROP AS
SELECT auction_id, buyer_id, amount, opened_at + make_interval(secs => after) AS placed_at
FROM sample_bids bid JOIN offered ON offered.id = bid.auction_id
WHERE opened_at + make_interval(secs => after) <= now();

INSERT INTO calls.auctions (id, account_id, call_id, floor, opened_at, ends_at, state, best_bid, buyer_id, bids, history)
SELECT auction.id, campaign.account_id, call_id, campaign.floor, opened_at, ends_at,
       CASE WHEN ends_at > now() THEN 'open'::calls.auction_state WHEN bid.bids IS NULL THEN 'unsold' ELSE 'sold' END,
       history[bid.bids], buyers[bid.bids], COALESCE(bid.bids, 0), COALESCE(history, '{}')
FROM offered auction
JOIN sample_campaigns campaign ON campaign.id = auction.campaign_id
LEFT JOIN (
    SELECT auction_id, count(*)::integer AS bids, array_agg(amount ORDER BY amount) AS history,
           array_agg(buyer_id ORDER BY amount) AS buyers
    FROM bids_so_far GROUP BY auction_id
) bid ON bid.auction_id = auction.id
ORDER BY opened_at;

INSERT INTO calls.bids (account_id, auction_id, buyer_id, amount, placed_at)
SELECT auction.account_id, auction_id, bid.buyer_id, amount, placed_at
FROM bids_so_far bid JOIN calls.auctions auction ON auction.id = bid.auction_id
ORDER BY placed_at, amount;

INSERT INTO calls.payments (account_id, auction_id, buyer_id, amount, status, due_at, settled_at)
SELECT auction.account_id, auction.id, auction.buyer_id, best_bid,
       CASE WHEN ends_at + make_interval(secs => settled_after) <= now() THEN sample.status ELSE 'pending' END,
       ends_at,
       CASE WHEN ends_at + make_interval(secs => settled_after) <= now() AND sample.status <> 'pending'
            THEN ends_at + make_interval(secs => settled_after) END
FROM calls.auctions auction JOIN sample_auctions sample ON sample.id = auction.id
WHERE auction.state = 'sold'
ORDER BY ends_at;

INSERT INTO calls.alerts (account_id, severity, message, raised_at, acknowledged_at)
SELECT account_id, severity, message, raised_at, acknowledged_at
FROM (
    SELECT account_id, severity, message, pg_temp.at(at) AS raised_at,
           CASE WHEN pg_temp.at(at + acknowledged_after) <= now() THEN pg_temp.at(at + acknowledged_after) END AS acknowledged_at
    FROM sample_alerts
    UNION ALL
    SELECT account_id, 'critical', format('Payment of %s by %s failed', amount, name), settled_at,
           CASE WHEN settled_at < now() - interval '1 day' THEN settled_at + interval '1 hour' END
    FROM calls.payments payment JOIN calls.buyers buyer ON buyer.id = buyer_id
    WHERE status = 'failed'
) alert
WHERE raised_at <= now()
ORDER BY raised_at;

-- Two days of events are enough for a feed.
INSERT INTO calls.events (account_id, kind, subject, description, happened_at)
SELECT account_id, kind, subject, description, happened_at
FROM (
    SELECT call.account_id, 'call'::calls.event_kind AS kind, caller AS subject,
           format('calls about %s', campaign.name) AS description, started_at AS happened_at
    FROM calls.calls call JOIN calls.campaigns campaign ON campaign.id = campaign_id
    UNION ALL
    SELECT call.account_id, 'call', caller, format('speaks with %s', agent.name), answered_at
    FROM calls.calls call JOIN calls.agents agent ON agent.id = agent_id
    UNION ALL
    SELECT account_id, 'call', caller,
           CASE state WHEN 'missed' THEN format('hung up after %s s', round(extract(epoch FROM ended_at - started_at)))
                      ELSE format('ended after %s', to_char(duration, 'FMMI:SS')) END, ended_at
    FROM calls.calls WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT auction.account_id, 'bid', caller,
           CASE auction.state WHEN 'sold' THEN calls.sold_to(buyer.name, best_bid, bids)
                              ELSE 'found no buyer' END, ends_at
    FROM calls.auctions auction
    JOIN calls.calls call ON call.id = call_id
    LEFT JOIN calls.buyers buyer ON buyer.id = buyer_id
    WHERE auction.state <> 'open'
    UNION ALL
    SELECT account_id, 'payment', buyer.name,
           CASE status WHEN 'paid' THEN format('paid %s', amount) ELSE format('could not pay %s', amount) END, settled_at
    FROM calls.payments JOIN calls.buyers buyer ON buyer.id = buyer_id
    WHERE status <> 'pending'
    UNION ALL
    SELECT account_id, 'alert', initcap(severity::text), message, raised_at FROM calls.alerts
) event
WHERE happened_at > now() - interval '2 days'
ORDER BY happened_at;

ALTER TABLE calls.calls ENABLE TRIGGER USER;
ALTER TABLE calls.auctions ENABLE TRIGGER USER;
ALTER TABLE calls.bids ENABLE TRIGGER USER;
ALTER TABLE calls.payments ENABLE TRIGGER USER;
ALTER TABLE calls.alerts ENABLE TRIGGER USER;

-- The files bring their own keys: the next ones come after them.
SELECT setval(pg_get_serial_sequence('calls.accounts', 'id'), (SELECT max(id) FROM calls.accounts)),
       setval(pg_get_serial_sequence('calls.buyers', 'id'), (SELECT max(id) FROM calls.buyers)),
       setval(pg_get_serial_sequence('calls.agents', 'id'), (SELECT max(id) FROM calls.agents)),
       setval(pg_get_serial_sequence('calls.campaigns', 'id'), (SELECT max(id) FROM calls.campaigns)),
       setval(pg_get_serial_sequence('calls.calls', 'id'), (SELECT max(id) FROM calls.calls)),
       setval(pg_get_serial_sequence('calls.auctions', 'id'), (SELECT max(id) FROM calls.auctions));

ANALYZE calls.calls, calls.auctions, calls.bids, calls.payments, calls.alerts, calls.events;
