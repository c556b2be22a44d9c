-- From the sample files to rows that end now.

CREATE INDEX ON sample_messages (connection_id);
ANALYZE sample_messages;

-- The triggers that keep the log stay out of this: the log is derived here for all rows at once.
ALTER TABLE outreach.connections DISABLE TRIGGER USER;
ALTER TABLE outreach.messages DISABLE TRIGGER USER;
ALTER TABLE outreach.import_status DISABLE TRIGGER USER;

INSERT INTO outreach.users (id, handle, name, email, joined_at)
SELECT id, handle, name, email, now() - make_interval(days => 50 * (8 - id)) FROM sample_users;

INSERT INTO outreach.campaigns (id, user_id, name, audience, note, status, daily_limit, people, created_at, changed_at)
SELECT id, user_id, name, audience, note, status, daily_limit, people, pg_temp.at(at), pg_temp.at(at)
FROM sample_campaigns;

INSERT INTO outreach.connections (id, user_id, campaign_id, name, headline, country, invited_at, accepted_at, replied_at,
                                  declined_at, withdrawn_at)
SELECT connection.id, user_id, campaign_id, connection.name, headline, country, pg_temp.at(connection.at),
       CASE WHEN pg_temp.at(connection.at + accepted_after) <= now() THEN pg_temp.at(connection.at + accepted_after) END,
       (SELECT min(pg_temp.at(connection.at + after)) FROM sample_messages message
        WHERE message.connection_id = connection.id AND direction = 'received'
          AND pg_temp.at(connection.at + after) <= now()),
       CASE WHEN pg_temp.at(connection.at + declined_after) <= now() THEN pg_temp.at(connection.at + declined_after) END,
       CASE WHEN pg_temp.at(connection.at + withdrawn_after) <= now() THEN pg_temp.at(connection.at + withdrawn_after) END
FROM sample_connections connection
JOIN outreach.campaigns campaign ON campaign.id = campaign_id
WHERE pg_temp.at(connection.at) <= now()
ORDER BY connection.id;

INSERT INTO outreach.messages (user_id, campaign_id, connection_id, direction, body, at)
SELECT user_id, campaign_id, connection_id, direction, body, invited_at + make_interval(secs => after)
FROM sample_messages
JOIN outreach.connections connection ON connection.id = connection_id
WHERE invited_at + make_interval(secs => after) <= now()
ORDER BY 6;

INSERT INTO outreach.import_status (user_id, campaign_id, source, total, done, started_at, changed_at)
SELECT user_id, campaign_id, source, total, done, happened, COALESCE(pg_temp.at(at + total), now())
FROM sample_imports
JOIN outreach.campaigns campaign ON campaign.id = campaign_id,
LATERAL (SELECT COALESCE(pg_temp.at(at), now() - interval '4 minutes') AS happened) began
WHERE happened + make_interval(secs => total) <= now() OR at IS NULL
ORDER BY happened;

INSERT INTO outreach.logs (user_id, campaign_id, connection_id, kind, description, at)
SELECT user_id, campaign_id, connection_id, kind, outreach.describe(kind, who, detail), at
FROM (
    SELECT user_id, campaign_id, id AS connection_id, 'invitation'::outreach.log_kind AS kind, name AS who,
           headline AS detail, invited_at AS at
    FROM outreach.connections
    UNION ALL
    SELECT user_id, campaign_id, id, 'acceptance', name, NULL, accepted_at
    FROM outreach.connections
    WHERE accepted_at IS NOT NULL
    UNION ALL
    SELECT user_id, campaign_id, id, 'refusal', name, state::text, COALESCE(declined_at, withdrawn_at)
    FROM outreach.connections
    WHERE state IN ('declined', 'withdrawn')
    UNION ALL
    SELECT message.user_id, message.campaign_id, connection.id,
           CASE direction WHEN 'sent' THEN 'message'::outreach.log_kind ELSE 'reply' END, name, body, at
    FROM outreach.messages message
    JOIN outreach.connections connection ON connection.id = connection_id
    UNION ALL
    SELECT user_id, campaign_id, NULL, 'import', source, format('Importing %s people', total), started_at
    FROM outreach.import_status
    UNION ALL
    SELECT user_id, campaign_id, NULL, 'import', source, format('Imported %s people', total), changed_at
    FROM outreach.import_status
    WHERE state = 'finished'
) happened
ORDER BY at;

ALTER TABLE outreach.connections ENABLE TRIGGER USER;
ALTER TABLE outreach.messages ENABLE TRIGGER USER;
ALTER TABLE outreach.import_status ENABLE TRIGGER USER;

-- The files bring their own keys: the next ones come after them.
SELECT setval(pg_get_serial_sequence('outreach.users', 'id'), (SELECT max(id) FROM outreach.users)),
       setval(pg_get_serial_sequence('outreach.campaigns', 'id'), (SELECT max(id) FROM outreach.campaigns)),
       setval(pg_get_serial_sequence('outreach.connections', 'id'), (SELECT max(id) FROM outreach.connections));

ANALYZE outreach.campaigns, outreach.connections, outreach.messages, outreach.logs;
