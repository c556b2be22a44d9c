-- From the sample files to rows that end now. A line of `uses` is one use of an asset, from its impression on; it
-- becomes up to five events and two earnings.

-- What triggers derive is derived here for all rows at once.
ALTER TABLE earnings.events DISABLE TRIGGER USER;
ALTER TABLE earnings.earnings DISABLE TRIGGER USER;

INSERT INTO earnings.owners (id, handle, name, email, joined_at)
SELECT id, handle, name, email, now() - make_interval(days => 60 * (9 - id)) FROM sample_owners;

INSERT INTO earnings.simulation (owner_id) SELECT id FROM sample_owners;

INSERT INTO earnings.assets (id, owner_id, name, category, records, status, created_at, changed_at)
SELECT id, owner_id, name, category, records, status, pg_temp.at(at), pg_temp.at(at) FROM sample_assets;

INSERT INTO earnings.campaigns (id, owner_id, asset_id, name, advertiser, status, click_fee, commission, started_at)
SELECT campaign.id, owner_id, asset.id, campaign.name, advertiser, campaign.status, click_fee, commission, pg_temp.at(at)
FROM sample_campaigns campaign
JOIN earnings.assets asset ON asset.id = asset_id;

CREATE TEMPORARY TABLE told ON COMMIT DROP AS
WITH uses AS (
    SELECT row_number() OVER () AS use, either.*
    FROM (
        SELECT pg_temp.at(at) AS began, * FROM sample_uses
        UNION ALL
        SELECT now() + make_interval(secs => at), * FROM sample_latest
    ) either
),
steps AS (
    SELECT row_number() OVER (ORDER BY began + wait, use, kind) AS id, use, kind, began + wait AS at, campaign_id, sale
    FROM uses, LATERAL (VALUES
        ('impression'::earnings.event_kind, interval '0'),
        ('click', make_interval(secs => clicked_after)),
        ('conversion', make_interval(secs => clicked_after + converted_after)),
        ('attribution', make_interval(secs => clicked_after + converted_after + attributed_after))
    ) AS step (kind, wait)
    WHERE began + wait <= now()
)
SELECT steps.id, steps.kind, steps.at, lag(steps.id) OVER (PARTITION BY use ORDER BY steps.kind) AS follows,
       campaign.owner_id, campaign.asset_id, campaign.id AS campaign_id, campaign.click_fee,
       CASE steps.kind WHEN 'conversion' THEN sale WHEN 'attribution' THEN round(sale * commission, 2) END AS amount
FROM steps
JOIN earnings.campaigns campaign ON campaign.id = campaign_id;

INSERT INTO earnings.events (id, owner_id, asset_id, campaign_id, kind, follows, amount, at)
SELECT id, owner_id, asset_id, campaign_id, kind, follows, amount, at FROM told ORDER BY id;

SELECT setval(pg_get_serial_sequence('earnings.events', 'id'), (SELECT max(id) FROM earnings.events));

INSERT INTO earnings.earnings (owner_id, asset_id, campaign_id, event_id, kind, amount, at)
SELECT owner_id, asset_id, campaign_id, event_id, kind, amount, at
FROM (
    SELECT owner_id, asset_id, campaign_id, id AS event_id, 'click fee'::earnings.earning_kind AS kind,
           click_fee AS amount, at
    FROM told
    WHERE told.kind = 'click'
    UNION ALL
    SELECT owner_id, asset_id, campaign_id, id, 'commission', amount, at + interval '2 seconds'
    FROM told
    WHERE told.kind = 'attribution'
    UNION ALL
    SELECT owner_id, asset.id, NULL, NULL, 'licence', amount, pg_temp.at(at)
    FROM sample_licences
    JOIN earnings.assets asset ON asset.id = asset_id
) earned
WHERE at <= now()
ORDER BY at, event_id;

INSERT INTO earnings.events (owner_id, asset_id, campaign_id, kind, follows, amount, at)
SELECT owner_id, asset_id, campaign_id, 'earning', event_id, amount, at FROM earnings.earnings ORDER BY id;

INSERT INTO earnings.tallies (owner_id, hour, kind, events, amount)
SELECT owner_id, date_bin('1 hour', at, 'epoch'), kind, count(*), COALESCE(sum(amount), 0)
FROM earnings.events
GROUP BY 1, 2, 3;

UPDATE earnings.assets asset SET payments = earning.payments, earned = earning.earned, earned_at = earning.latest
FROM (SELECT asset_id, count(*) AS payments, sum(amount) AS earned, max(at) AS latest
      FROM earnings.earnings GROUP BY asset_id) earning
WHERE earning.asset_id = asset.id;

ALTER TABLE earnings.events ENABLE TRIGGER USER;
ALTER TABLE earnings.earnings ENABLE TRIGGER USER;

-- The files bring their own keys: the next ones come after them.
SELECT setval(pg_get_serial_sequence('earnings.owners', 'id'), (SELECT max(id) FROM earnings.owners)),
       setval(pg_get_serial_sequence('earnings.assets', 'id'), (SELECT max(id) FROM earnings.assets)),
       setval(pg_get_serial_sequence('earnings.campaigns', 'id'), (SELECT max(id) FROM earnings.campaigns));

ANALYZE earnings.assets, earnings.campaigns, earnings.events, earnings.earnings, earnings.tallies;
