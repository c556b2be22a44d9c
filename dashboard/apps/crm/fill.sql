-- From the sample files to rows that end now: times are counted from Monday of this week, so that nights and
-- weekends fall where they belong, and what would lie in the future is left out.

CREATE INDEX ON sample_member_activities (contact_id);
ANALYZE sample_member_activities;

-- The triggers that keep a diary of changes stay out of this: the diary is part of the sample.
ALTER TABLE crm.contacts DISABLE TRIGGER USER;
ALTER TABLE crm.sent_emails DISABLE TRIGGER USER;
ALTER TABLE crm.email_clicks DISABLE TRIGGER USER;
ALTER TABLE crm.member_activities DISABLE TRIGGER USER;

CREATE FUNCTION pg_temp.at(seconds bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT date_trunc('week', now()) + make_interval(secs => seconds)
$$;

INSERT INTO crm.members (id, handle, name, email, upline, joined_at)
SELECT id, handle, name, email, upline, now() - make_interval(days => 40 * (20 - id)) FROM sample_members;

INSERT INTO crm.member_profiles (member_id, city, country, timezone, open_goal, activity_goal)
SELECT member_id, city, country, timezone, open_goal, activity_goal FROM sample_member_profiles;

INSERT INTO crm.email_templates (id, name, subject) SELECT id, name, subject FROM sample_email_templates;

INSERT INTO crm.contacts (id, member_id, name, email, phone, country, source, stage, score, created_at, last_activity_at)
SELECT id, member_id, name, email, phone, country, source,
       COALESCE((SELECT detail::crm.stage FROM sample_member_activities moved
                 WHERE moved.contact_id = contact.id AND kind = 'stage' AND pg_temp.at(moved.at) <= now()
                 ORDER BY moved.at DESC LIMIT 1), stage),
       score, pg_temp.at(at), pg_temp.at(at)
FROM sample_contacts contact
WHERE pg_temp.at(at) <= now()
ORDER BY id;

INSERT INTO crm.sent_emails (id, member_id, contact_id, template_id, subject, sent_at, delivered_at, opened_at, replied_at,
                             bounced_at)
SELECT email.id, contact.member_id, contact.id, template.id, template.subject, pg_temp.at(at),
       CASE WHEN pg_temp.at(at + delivered_after) <= now() THEN pg_temp.at(at + delivered_after) END,
       CASE WHEN pg_temp.at(at + opened_after) <= now() THEN pg_temp.at(at + opened_after) END,
       CASE WHEN pg_temp.at(at + replied_after) <= now() THEN pg_temp.at(at + replied_after) END,
       CASE WHEN delivered_after IS NULL AND pg_temp.at(at + 20) <= now() THEN pg_temp.at(at + 20) END
FROM sample_sent_emails email
JOIN crm.contacts contact ON contact.id = email.contact_id
JOIN crm.email_templates template ON template.id = email.template_id
WHERE pg_temp.at(at) <= now()
ORDER BY email.id;

INSERT INTO crm.email_clicks (member_id, email_id, url, clicked_at)
SELECT email.member_id, email.id, click.url, email.sent_at + make_interval(secs => after)
FROM sample_email_clicks click
JOIN crm.sent_emails email ON email.id = click.email_id
WHERE email.sent_at + make_interval(secs => after) <= now()
ORDER BY 4;

UPDATE crm.sent_emails email SET clicked_at = click.clicked_at FROM crm.email_clicks click WHERE click.email_id = email.id;

INSERT INTO crm.member_activities (member_id, contact_id, kind, description, minutes, created_at)
SELECT member_id, contact_id, kind, description, minutes, created_at
FROM (
    SELECT contact.member_id, contact.id AS contact_id, kind, crm.describe(kind, contact.name, minutes, detail) AS description,
           minutes, pg_temp.at(activity.at) AS created_at
    FROM sample_member_activities activity
    JOIN crm.contacts contact ON contact.id = activity.contact_id
    UNION ALL
    SELECT member_id, id, 'contact', crm.describe('contact', name, NULL, NULL), NULL, created_at
    FROM crm.contacts
    WHERE created_at > now() - interval '35 days'
    UNION ALL
    SELECT email.member_id, contact.id, 'email', crm.describe('email', contact.name, NULL, subject), NULL, sent_at
    FROM crm.sent_emails email
    JOIN crm.contacts contact ON contact.id = contact_id
    UNION ALL
    SELECT email.member_id, contact.id, 'email', format('“%s” opened by %s', subject, contact.name), NULL, opened_at
    FROM crm.sent_emails email
    JOIN crm.contacts contact ON contact.id = contact_id
    WHERE opened_at IS NOT NULL
    UNION ALL
    SELECT email.member_id, contact.id, 'email', format('%s replied to “%s”', contact.name, subject), NULL, replied_at
    FROM crm.sent_emails email
    JOIN crm.contacts contact ON contact.id = contact_id
    WHERE replied_at IS NOT NULL
) activity
WHERE created_at <= now()
ORDER BY created_at;

UPDATE crm.contacts contact
SET last_activity_at = activity.latest
FROM (SELECT contact_id, max(created_at) AS latest FROM crm.member_activities GROUP BY contact_id) activity
WHERE activity.contact_id = contact.id AND activity.latest > contact.last_activity_at;

ALTER TABLE crm.contacts ENABLE TRIGGER USER;
ALTER TABLE crm.sent_emails ENABLE TRIGGER USER;
ALTER TABLE crm.email_clicks ENABLE TRIGGER USER;
ALTER TABLE crm.member_activities ENABLE TRIGGER USER;

-- The files bring their own keys: the next ones come after them.
SELECT setval(pg_get_serial_sequence('crm.members', 'id'), (SELECT max(id) FROM crm.members)),
       setval(pg_get_serial_sequence('crm.email_templates', 'id'), (SELECT max(id) FROM crm.email_templates)),
       setval(pg_get_serial_sequence('crm.contacts', 'id'), (SELECT max(id) FROM crm.contacts)),
       setval(pg_get_serial_sequence('crm.sent_emails', 'id'), (SELECT max(id) FROM crm.sent_emails));
