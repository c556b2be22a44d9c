-- What the page shows, each statement as one member: row security leaves nothing else to be asked for.
-- "Yesterday" is always yesterday until this time of day, so that a morning is compared with a morning.

-- name: contacts
SELECT count(*) AS contacts FROM crm.contacts;

-- name: contacts_yesterday
SELECT count(*) AS contacts FROM crm.contacts WHERE created_at < now() - interval '1 day';

-- name: contacts_by_day
SELECT day, (SELECT count(*) FROM crm.contacts WHERE created_at < day + interval '1 day') AS contacts
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
ORDER BY day;

-- name: emails
SELECT count(*) FILTER (WHERE sent_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE sent_at < now() - interval '1 day') AS yesterday
FROM crm.sent_emails
WHERE sent_at >= date_trunc('day', now()) - interval '1 day';

-- name: emails_by_day
SELECT day, count(email.id) AS emails
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN crm.sent_emails email ON sent_at >= day AND sent_at < day + interval '1 day'
GROUP BY day
ORDER BY day;

-- name: open_rate
SELECT (count(opened_at) FILTER (WHERE sent_at >= now() - interval '7 days'))::float8
           / NULLIF(count(delivered_at) FILTER (WHERE sent_at >= now() - interval '7 days'), 0) AS opened,
       (count(opened_at) FILTER (WHERE sent_at < now() - interval '7 days'))::float8
           / NULLIF(count(delivered_at) FILTER (WHERE sent_at < now() - interval '7 days'), 0) AS week_before
FROM crm.sent_emails
WHERE sent_at >= now() - interval '14 days';

-- name: open_rate_by_day
SELECT day, count(opened_at)::float8 / NULLIF(count(delivered_at), 0) AS opened
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN crm.sent_emails ON sent_at >= day AND sent_at < day + interval '1 day'
GROUP BY day
ORDER BY day;

-- name: activities
SELECT count(*) FILTER (WHERE created_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE created_at < now() - interval '1 day') AS yesterday
FROM crm.member_activities
WHERE created_at >= date_trunc('day', now()) - interval '1 day';

-- name: activities_by_hour
SELECT hour, count(activity.id) AS activities
FROM generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()), interval '1 hour') AS hour
LEFT JOIN crm.member_activities activity ON created_at >= hour AND created_at < hour + interval '1 hour'
GROUP BY hour
ORDER BY hour;

-- name: activity_over_time
-- $1: length of one step; $2: number of steps; $3: their end, NULL for now. Steps without an activity are there, with 0.
SELECT step AS at, kinds.kind, count(activity.id) AS activities
FROM generate_series(
         date_bin($1::interval, COALESCE($3::timestamptz, now()), date_trunc('day', COALESCE($3::timestamptz, now()))) - ($2::integer - 1) * $1::interval,
         date_bin($1::interval, COALESCE($3::timestamptz, now()), date_trunc('day', COALESCE($3::timestamptz, now()))), $1::interval) AS step
CROSS JOIN (VALUES (1, 'calls', '{call}'::crm.activity_kind[]), (2, 'e-mails', '{email}'),
                   (3, 'meetings', '{meeting}'), (4, 'contacts', '{contact,stage,note}')) AS kinds (place, kind, members)
LEFT JOIN crm.member_activities activity
       ON activity.created_at >= step AND activity.created_at < step + $1::interval AND activity.kind = ANY (members)
GROUP BY step, place, kinds.kind
ORDER BY step, place;

-- name: feed
-- The kinds are those of the chart, so that they have the same colours. $1: kinds, $2: stage; NULL for all.
SELECT activity.id, activity.created_at, activity.description, contact.name AS contact,
       CASE activity.kind WHEN 'call' THEN 'calls' WHEN 'email' THEN 'e-mails' WHEN 'meeting' THEN 'meetings'
                          ELSE 'contacts' END AS kind
FROM crm.member_activities activity
LEFT JOIN crm.contacts contact ON contact.id = activity.contact_id
WHERE ($1::text[] IS NULL OR activity.kind::text = ANY ($1)) AND ($2::text IS NULL OR contact.stage::text = $2)
ORDER BY activity.created_at DESC, activity.id DESC
LIMIT 50;

-- name: contact_list
-- $1: stage; NULL for all.
SELECT id, name, email, stage::text AS stage, score, source, country, last_activity_at AS "last activity"
FROM crm.contacts
WHERE $1::text IS NULL OR stage::text = $1
ORDER BY last_activity_at DESC, id DESC;

-- name: profile
SELECT member_id, open_goal, activity_goal FROM crm.member_profiles;

-- name: members
-- Whom one may look as; asked as the owner of the tables. $1: whether nobody has to log in.
SELECT id, handle, name FROM crm.members WHERE $1::boolean ORDER BY id LIMIT 2;
