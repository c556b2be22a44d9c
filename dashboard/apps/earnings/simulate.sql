-- What happens on the marketplace, one statement each. Those that begin or continue a use write for owners whose
-- simulation switch is on, and for nobody else: a switch turned off holds from its commit on.

-- name: campaigns
-- Those that run or may run again.
SELECT campaign.id
FROM earnings.campaigns campaign
JOIN earnings.assets asset ON asset.id = campaign.asset_id
WHERE campaign.status <> 'ended' AND asset.status IN ('active', 'paused')
ORDER BY campaign.id;

-- name: assets
SELECT id FROM earnings.assets ORDER BY id;

-- name: open_clicks
SELECT click.id
FROM earnings.events click
LEFT JOIN earnings.events conversion ON conversion.follows = click.id AND conversion.kind = 'conversion'
WHERE click.kind = 'click' AND conversion.id IS NULL AND click.at > now() - interval '1 hour'
ORDER BY click.id DESC
LIMIT 20;

-- name: impression
-- $1: a campaign; it has to be running, on an active asset.
INSERT INTO earnings.events (owner_id, asset_id, campaign_id, kind)
SELECT campaign.owner_id, asset.id, campaign.id, 'impression'
FROM earnings.campaigns campaign
JOIN earnings.assets asset ON asset.id = campaign.asset_id
JOIN earnings.simulation switch ON switch.owner_id = campaign.owner_id
WHERE campaign.id = $1 AND campaign.status = 'running' AND asset.status = 'active' AND switch.is_on
RETURNING id;

-- name: follow
-- $1: the event before; $2: the kind that follows; $3: the amount of a sale, NULL for a click.
INSERT INTO earnings.events (owner_id, asset_id, campaign_id, kind, follows, amount)
SELECT before.owner_id, before.asset_id, before.campaign_id, $2::text::earnings.event_kind, before.id,
       CASE $2 WHEN 'attribution' THEN greatest(0.01, round(before.amount * campaign.commission, 2))
               ELSE $3::numeric END
FROM earnings.events before
JOIN earnings.campaigns campaign ON campaign.id = before.campaign_id
JOIN earnings.simulation switch ON switch.owner_id = before.owner_id
WHERE before.id = $1 AND switch.is_on
ON CONFLICT DO NOTHING
RETURNING id;

-- name: earn
-- $1: a click or an attribution.
INSERT INTO earnings.earnings (owner_id, asset_id, campaign_id, event_id, kind, amount)
SELECT event.owner_id, event.asset_id, event.campaign_id, event.id,
       CASE event.kind WHEN 'click' THEN 'click fee'::earnings.earning_kind ELSE 'commission' END,
       COALESCE(event.amount, campaign.click_fee)
FROM earnings.events event
JOIN earnings.campaigns campaign ON campaign.id = event.campaign_id
JOIN earnings.simulation switch ON switch.owner_id = event.owner_id
WHERE event.id = $1 AND switch.is_on
ON CONFLICT DO NOTHING;

-- name: license
-- $1: an asset; $2: what is paid for it.
INSERT INTO earnings.earnings (owner_id, asset_id, kind, amount)
SELECT asset.owner_id, asset.id, 'licence', $2::numeric
FROM earnings.assets asset
JOIN earnings.simulation switch ON switch.owner_id = asset.owner_id
WHERE asset.id = $1 AND asset.status = 'active' AND switch.is_on;

-- name: advance_asset
-- $1: an asset: a draft is reviewed, then active; an active one may pause, a paused one comes back.
UPDATE earnings.assets asset
SET status = CASE asset.status WHEN 'draft' THEN 'review'::earnings.asset_status WHEN 'active' THEN 'paused'
                               ELSE 'active' END
FROM earnings.simulation switch
WHERE asset.id = $1 AND asset.status <> 'retired' AND switch.owner_id = asset.owner_id AND switch.is_on;

-- name: resume_asset
UPDATE earnings.assets asset SET status = 'active'
FROM earnings.simulation switch
WHERE asset.id = $1 AND asset.status IN ('paused', 'review') AND switch.owner_id = asset.owner_id AND switch.is_on;

-- name: turn_campaign
UPDATE earnings.campaigns campaign
SET status = CASE campaign.status WHEN 'running' THEN 'paused'::earnings.campaign_status ELSE 'running' END
FROM earnings.simulation switch
WHERE campaign.id = $1 AND campaign.status <> 'ended' AND switch.owner_id = campaign.owner_id AND switch.is_on;
