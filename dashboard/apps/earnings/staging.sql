-- Where the sample files are copied to before their times are known: one temporary table for each file.
-- Times (at, …after) are seconds: from Monday of this week (in `latest`: from the moment of loading), and after the row's
-- own time.
CREATE TEMPORARY TABLE sample_owners (id integer, handle text, name text, email text) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_assets (
    id integer, owner_id integer, name text, category text, records integer, status earnings.asset_status, at bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_campaigns (
    id integer, asset_id integer, name text, advertiser text, status earnings.campaign_status,
    click_fee numeric, commission numeric, at bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_uses (
    campaign_id integer, at bigint, clicked_after integer, converted_after integer, sale numeric, attributed_after integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_latest (LIKE sample_uses) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_licences (asset_id integer, at bigint, amount numeric) ON COMMIT DROP;
