-- What happens in outreach, one statement each. The log in outreach.logs is kept by triggers.

-- name: campaigns
SELECT id FROM outreach.campaigns WHERE status <> 'completed' ORDER BY id;

-- name: waiting
SELECT id FROM outreach.connections WHERE state = 'pending' ORDER BY id DESC LIMIT 60;

-- name: imports
SELECT id FROM outreach.import_status WHERE state = 'running' ORDER BY id;

-- name: invite
-- $1: a campaign; it has to be active and to have people left.
INSERT INTO outreach.connections (user_id, campaign_id, name, headline, country)
SELECT user_id, id, $2, $3, $4
FROM outreach.campaigns campaign
WHERE id = $1 AND status = 'active'
  AND people > (SELECT count(*) FROM outreach.connections WHERE campaign_id = campaign.id)
RETURNING id;

-- name: accept
UPDATE outreach.connections SET accepted_at = now() WHERE id = $1 AND state = 'pending';

-- name: decline
UPDATE outreach.connections SET declined_at = now() WHERE id = $1 AND state = 'pending';

-- name: withdraw
UPDATE outreach.connections SET withdrawn_at = now() WHERE id = $1 AND state = 'pending';

-- name: write
INSERT INTO outreach.messages (user_id, campaign_id, connection_id, direction, body)
SELECT user_id, campaign_id, id, $2::text::outreach.direction, $3
FROM outreach.connections
WHERE id = $1 AND accepted_at IS NOT NULL;

-- name: import
INSERT INTO outreach.import_status (user_id, campaign_id, source, total)
SELECT user_id, id, $2, $3 FROM outreach.campaigns WHERE id = $1 AND status <> 'completed'
RETURNING id;

-- name: advance_import
-- $1: an import; $2: how many more people it has read. They are the campaign's at once.
WITH advanced AS (
    UPDATE outreach.import_status SET done = least(total, done + $2)
    FROM (SELECT id AS found, done AS before FROM outreach.import_status WHERE id = $1 AND done < total FOR UPDATE) known
    WHERE id = found
    RETURNING campaign_id, done - before AS people, remaining
), filled AS (
    UPDATE outreach.campaigns SET people = campaigns.people + advanced.people FROM advanced WHERE id = campaign_id
)
SELECT remaining FROM advanced;

-- name: pause
UPDATE outreach.campaigns SET status = 'paused' WHERE id = $1 AND status = 'active';

-- name: activate
UPDATE outreach.campaigns SET status = 'active' WHERE id = $1 AND status IN ('paused', 'draft');

-- name: complete
-- $1: a campaign; it is complete when everybody in it was invited.
UPDATE outreach.campaigns campaign SET status = 'completed'
WHERE id = $1 AND status = 'active'
  AND people <= (SELECT count(*) FROM outreach.connections WHERE campaign_id = campaign.id)
  AND NOT EXISTS (SELECT FROM outreach.import_status WHERE campaign_id = campaign.id AND state = 'running');

-- name: draft
-- $1, $2: what a new campaign is called, and whom it is for. It belongs to who has the fewest that are not completed.
INSERT INTO outreach.campaigns (user_id, name, audience, note)
SELECT member.id, $1, $2, 'Hello, may I add you to my network?'
FROM outreach.users member
LEFT JOIN outreach.campaigns campaign ON campaign.user_id = member.id AND campaign.status <> 'completed'
GROUP BY member.id
HAVING count(campaign.id) < 8
ORDER BY count(campaign.id), member.id
LIMIT 1
RETURNING id;
