-- What a team member does, one statement each. The diary in crm.member_activities is kept by triggers where
-- the change itself says all there is to say.

-- name: contacts
SELECT id, member_id, stage::text FROM crm.contacts ORDER BY id DESC LIMIT 5000;

-- name: waiting_emails
SELECT id FROM crm.sent_emails WHERE status = 'delivered' ORDER BY id DESC LIMIT 50;

-- name: templates
SELECT id FROM crm.email_templates WHERE member_id IS NULL ORDER BY id;

-- name: add_contact
INSERT INTO crm.contacts (member_id, name, email, phone, country, source, score)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id;

-- name: record
INSERT INTO crm.member_activities (member_id, contact_id, kind, description, minutes)
SELECT member_id, id, $2::crm.activity_kind, crm.describe($2::crm.activity_kind, name, $3, $4), $3::integer
FROM crm.contacts WHERE id = $1;

-- name: move
UPDATE crm.contacts SET stage = $2::text::crm.stage, score = LEAST(100, score + $3::integer) WHERE id = $1;

-- name: rate
UPDATE crm.contacts SET score = GREATEST(0, LEAST(100, score + $2::integer)) WHERE id = $1;

-- name: correct
UPDATE crm.contacts SET email = $2, phone = COALESCE($3, phone) WHERE id = $1;

-- name: send
INSERT INTO crm.sent_emails (member_id, contact_id, template_id, subject)
SELECT contact.member_id, contact.id, template.id, template.subject
FROM crm.contacts contact, crm.email_templates template
WHERE contact.id = ANY ($1::bigint[]) AND template.id = $2
RETURNING id;

-- name: deliver
UPDATE crm.sent_emails SET delivered_at = now() WHERE id = $1 AND delivered_at IS NULL AND bounced_at IS NULL;

-- name: bounce
UPDATE crm.sent_emails SET bounced_at = now() WHERE id = $1 AND delivered_at IS NULL AND bounced_at IS NULL;

-- name: open
UPDATE crm.sent_emails SET opened_at = now() WHERE id = $1 AND delivered_at IS NOT NULL AND opened_at IS NULL;

-- name: reply
UPDATE crm.sent_emails SET replied_at = now() WHERE id = $1 AND opened_at IS NOT NULL AND replied_at IS NULL;

-- name: click
INSERT INTO crm.email_clicks (member_id, email_id, url) SELECT member_id, id, $2 FROM crm.sent_emails WHERE id = $1;

-- name: remove
DELETE FROM crm.contacts WHERE id = $1;
