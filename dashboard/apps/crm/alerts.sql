-- What a member is told of, asked for all members at once as the owner of the tables.

-- name: won
-- The latest contacts that became a customer or a partner; one that leaves this list was told long ago.
SELECT activity.id, activity.member_id, activity.description
FROM crm.member_activities activity
JOIN crm.contacts contact ON contact.id = activity.contact_id
WHERE activity.kind = 'stage' AND contact.stage IN ('customer', 'partner')
ORDER BY activity.created_at DESC, activity.id DESC
LIMIT 200;

-- name: bounced
SELECT member_id, count(bounced_at) AS bounced, count(bounced_at)::float8 / count(*) AS share
FROM crm.sent_emails
WHERE sent_at >= now() - interval '1 day'
GROUP BY member_id
HAVING count(*) >= 10;
