-- What the page shows, each statement as one member: row security leaves nothing else to be asked for.
-- "Yesterday" is always yesterday until this time of day, so that a morning is compared with a morning. What is a day
-- is the session's business: the page asks in its reader's time zone.
--
-- $1 and $2 are stage and source of the contacts meant, NULL for all, wherever nothing else is said.

-- name: contacts
SELECT count(*) AS contacts FROM crm.contacts
WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2);

-- name: contacts_yesterday
SELECT count(*) AS contacts FROM crm.contacts
WHERE created_at < now() - interval '1 day' AND ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2);

-- name: contacts_by_day
SELECT day, (SELECT count(*) FROM crm.contacts
             WHERE created_at < day + interval '1 day'
               AND ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)) AS contacts
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
ORDER BY day;

-- name: emails
SELECT count(*) FILTER (WHERE sent_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE sent_at < now() - interval '1 day') AS yesterday
FROM crm.sent_emails
WHERE sent_at >= date_trunc('day', now()) - interval '1 day'
  AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)));

-- name: emails_by_day
SELECT day, count(email.id) AS emails
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN crm.sent_emails email
       ON sent_at >= day AND sent_at < day + interval '1 day'
      AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)))
GROUP BY day
ORDER BY day;

-- name: open_rate
SELECT (count(opened_at) FILTER (WHERE sent_at >= now() - interval '7 days'))::float8
           / NULLIF(count(delivered_at) FILTER (WHERE sent_at >= now() - interval '7 days'), 0) AS opened,
       (count(opened_at) FILTER (WHERE sent_at < now() - interval '7 days'))::float8
           / NULLIF(count(delivered_at) FILTER (WHERE sent_at < now() - interval '7 days'), 0) AS week_before
FROM crm.sent_emails
WHERE sent_at >= now() - interval '14 days'
  AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)));

-- name: open_rate_by_day
SELECT day, count(opened_at)::float8 / NULLIF(count(delivered_at), 0) AS opened
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN crm.sent_emails
       ON sent_at >= day AND sent_at < day + interval '1 day'
      AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)))
GROUP BY day
ORDER BY day;

-- name: activities
-- $3: kinds; NULL for all, as in what follows.
SELECT count(*) FILTER (WHERE created_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE created_at < now() - interval '1 day') AS yesterday
FROM crm.member_activities
WHERE created_at >= date_trunc('day', now()) - interval '1 day' AND ($3::text[] IS NULL OR kind::text = ANY ($3))
  AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)));

-- name: activities_by_hour
SELECT hour, count(activity.id) AS activities
FROM generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()), interval '1 hour') AS hour
LEFT JOIN crm.member_activities activity
       ON created_at >= hour AND created_at < hour + interval '1 hour' AND ($3::text[] IS NULL OR kind::text = ANY ($3))
      AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)))
GROUP BY hour
ORDER BY hour;

-- name: activity_over_time
-- $3: length of one step; $4: number of steps; $5: their end, NULL for now. Steps without an activity are there, with 0.
SELECT step AS at, kinds.kind, count(activity.id) AS activities
FROM (SELECT COALESCE($5::timestamptz, now()) AS until) AS given
CROSS JOIN LATERAL (SELECT CASE WHEN $3::interval < interval '1 day' THEN date_bin($3::interval, until, date_trunc('day', until))
                                ELSE date_trunc('day', until) END AS last) AS ending
CROSS JOIN LATERAL generate_series(last - ($4::integer - 1) * $3::interval, last, $3::interval) AS step
CROSS JOIN (VALUES (1, 'calls', '{call}'::crm.activity_kind[]), (2, 'e-mails', '{email}'),
                   (3, 'meetings', '{meeting}'), (4, 'contacts', '{contact,stage,note}')) AS kinds (place, kind, members)
LEFT JOIN crm.member_activities activity
       ON activity.created_at >= step AND activity.created_at < step + $3::interval AND activity.kind = ANY (members)
      AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)))
GROUP BY step, place, kinds.kind
ORDER BY step, place;

-- name: feed
-- The kinds are those of the chart, so that they have the same colours.
SELECT activity.id, activity.created_at, activity.description, contact.name AS contact,
       CASE activity.kind WHEN 'call' THEN 'calls' WHEN 'email' THEN 'e-mails' WHEN 'meeting' THEN 'meetings'
                          ELSE 'contacts' END AS kind
FROM crm.member_activities activity
LEFT JOIN crm.contacts contact ON contact.id = activity.contact_id
WHERE ($1::text IS NULL OR contact.stage::text = $1) AND ($2::text IS NULL OR contact.source = $2)
  AND ($3::text[] IS NULL OR activity.kind::text = ANY ($3))
ORDER BY activity.created_at DESC, activity.id DESC
LIMIT 50;

-- name: emails_by_status
-- What became of the e-mails of 30 days.
SELECT array_position(enum_range(NULL::crm.email_status), status) AS place, status::text AS status, count(*) AS emails
FROM crm.sent_emails
WHERE sent_at >= now() - interval '30 days'
  AND (COALESCE($1::text, $2::text) IS NULL OR contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)))
GROUP BY 1, 2
ORDER BY place;

-- name: email_list
-- $3: status; NULL for all.
SELECT email.id, contact.name AS contact, contact.email, email.subject, email.status::text AS status,
       email.sent_at AS sent, email.opened_at AS opened, email.clicked_at AS clicked, email.replied_at AS replied
FROM crm.sent_emails email
JOIN crm.contacts contact ON contact.id = email.contact_id
WHERE ($1::text IS NULL OR contact.stage::text = $1) AND ($2::text IS NULL OR contact.source = $2)
  AND ($3::text IS NULL OR email.status::text = $3)
ORDER BY email.sent_at DESC, email.id DESC;

-- name: templates
-- How each template does: shares of what was sent, and of what was delivered.
SELECT template.id, template.name AS template, template.subject, count(email.id) AS sent,
       count(email.delivered_at)::float8 / NULLIF(count(email.id), 0) AS delivered,
       count(email.opened_at)::float8 / NULLIF(count(email.delivered_at), 0) AS opened,
       count(email.clicked_at)::float8 / NULLIF(count(email.delivered_at), 0) AS clicked,
       count(email.replied_at)::float8 / NULLIF(count(email.delivered_at), 0) AS replied
FROM crm.email_templates template
LEFT JOIN crm.sent_emails email
       ON email.template_id = template.id
      AND (COALESCE($1::text, $2::text) IS NULL OR email.contact_id IN (
           SELECT id FROM crm.contacts WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)))
GROUP BY template.id
ORDER BY sent DESC, template.id;

-- name: team
-- What each of one's team did in the last 24 hours.
SELECT member_id, member, count(*) FILTER (WHERE kind = 'call') AS calls, count(*) FILTER (WHERE kind = 'email') AS "e-mails",
       count(*) FILTER (WHERE kind = 'meeting') AS meetings,
       count(*) FILTER (WHERE kind IN ('contact', 'stage', 'note')) AS contacts
FROM crm.team_activities
GROUP BY member_id, member
ORDER BY count(id) DESC, member_id;

-- name: contacts_by_stage
-- $1: source; NULL for all.
SELECT array_position(enum_range(NULL::crm.stage), stage) AS place, stage::text AS stage, count(*) AS contacts
FROM crm.contacts
WHERE $1::text IS NULL OR source = $1
GROUP BY 1, 2
ORDER BY place;

-- name: contact_list
SELECT id, name, email, phone, stage::text AS stage, score, source, country, last_activity_at AS "last activity"
FROM crm.contacts
WHERE ($1::text IS NULL OR stage::text = $1) AND ($2::text IS NULL OR source = $2)
ORDER BY last_activity_at DESC, id DESC;

-- name: contact
-- $1: the contact, as in all that follow.
SELECT id, name AS title, stage::text AS stage, score, created_at AS since,
       concat_ws(' · ', email, phone, country, 'met by ' || source) AS note
FROM crm.contacts
WHERE id = $1;

-- name: contact_emails
SELECT contact_id, count(*) AS sent, count(opened_at)::float8 / NULLIF(count(delivered_at), 0) AS opened,
       count(replied_at) AS replied
FROM crm.sent_emails
WHERE contact_id = $1
GROUP BY contact_id;

-- name: contact_activities
SELECT id, created_at, description,
       CASE kind WHEN 'call' THEN 'calls' WHEN 'email' THEN 'e-mails' WHEN 'meeting' THEN 'meetings' ELSE 'contacts' END AS kind
FROM crm.member_activities
WHERE contact_id = $1
ORDER BY created_at DESC, id DESC
LIMIT 50;

-- name: contact_email_list
SELECT id, subject, status::text AS status, sent_at AS sent, opened_at AS opened, clicked_at AS clicked,
       replied_at AS replied
FROM crm.sent_emails
WHERE contact_id = $1
ORDER BY sent_at DESC, id DESC;

-- name: sources
SELECT DISTINCT source FROM crm.contacts ORDER BY source;

-- name: profile
SELECT member_id, open_goal, activity_goal FROM crm.member_profiles;

-- name: members
-- Whom one may look as; asked as the owner of the tables. $1: whether nobody has to log in.
SELECT id, handle, name FROM crm.members WHERE $1::boolean ORDER BY id LIMIT 2;
