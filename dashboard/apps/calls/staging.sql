-- Where the sample files are copied to before their times are known: one temporary table for each file.
-- Times (at, …after) are seconds: from Monday of this week (in sample_latest: from now), and after the row's own time.
CREATE TEMPORARY TABLE sample_accounts (id integer, handle text, name text) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_buyers (id integer, name text) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_agents (id integer, account_id integer, name text) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_campaigns (
    id integer, account_id integer, name text, channel text, floor numeric
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_calls (
    id bigint, campaign_id integer, agent_id integer, caller text, phone text, country text, at bigint,
    answered_after integer, ended_after integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_latest (LIKE sample_calls) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_auctions (
    id bigint, call_id bigint, opened_after integer, seconds integer, settled_after integer, status calls.payment_status
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_bids (auction_id bigint, buyer_id integer, amount numeric, after integer) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_alerts (
    account_id integer, severity calls.severity, message text, at bigint, acknowledged_after integer
) ON COMMIT DROP;
