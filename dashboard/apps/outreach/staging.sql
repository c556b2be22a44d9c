-- Where the sample files are copied to before their times are known: one temporary table for each file.
-- Times (at, …after) are seconds: from Monday of this week, and after the row's own time.
CREATE TEMPORARY TABLE sample_users (id integer, handle text, name text, email text) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_campaigns (
    id integer, user_id integer, name text, audience text, note text, status outreach.campaign_status,
    daily_limit smallint, people integer, at bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_connections (
    id bigint, campaign_id integer, name text, headline text, country text, at bigint,
    accepted_after integer, declined_after integer, withdrawn_after integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_messages (connection_id bigint, direction outreach.direction, after integer, body text)
    ON COMMIT DROP;
-- An import without a time is under way when the rows are loaded.
CREATE TEMPORARY TABLE sample_imports (campaign_id integer, source text, total integer, done integer, at bigint)
    ON COMMIT DROP;
