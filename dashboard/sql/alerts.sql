-- Alerts: their state, whom they concern, and how these want to be told. Run again, it changes nothing.
--
-- A schema of its own, so that its tables are captured like anybody's and pages follow them as live queries.
--
-- Whose a row is stands in it as a scope is written: a role and settings. Whoever looks in that scope, or in one that has
-- more settings, sees it; '' is nobody's role: those rows are seen by whoever owns the tables. So row-level security asks
-- nothing but settings and roles. Where people log in, what one of them wants stands under their scope and app.person, their
-- login; else a person is whoever PostgreSQL answers in the same scope.
--
-- One process at a time holds a rule (holder, held_until): it alone moves the rule's instances, in transactions that first
-- lock the rule's row, so that one that lost it changes nothing any more; one that lost it and has it back sees by its term
-- that others had it meanwhile. What is to be sent stands in `delivery` from the
-- very transaction that made the notice; any process may send it, each one piece at a time (FOR UPDATE SKIP LOCKED).

CREATE SCHEMA IF NOT EXISTS dashboard_alerts;
COMMENT ON SCHEMA dashboard_alerts IS 'alerts of the Python package dashboard';

-- Where messages go: an address of Apprise's (mailto://…), with passwords, and {to} where a person's own address belongs.
CREATE TABLE IF NOT EXISTS dashboard_alerts.contact_point (
    name text PRIMARY KEY CHECK (name ~ '^[[:alnum:]][[:alnum:] ._-]{0,99}$'),
    url text NOT NULL CHECK (length(url) <= 2000),
    is_personal boolean NOT NULL GENERATED ALWAYS AS (url LIKE '%{to}%') STORED,
    problem text NOT NULL DEFAULT '');

CREATE TABLE IF NOT EXISTS dashboard_alerts.rule (
    name text PRIMARY KEY,
    contacts text[] NOT NULL DEFAULT '{}',
    holder uuid,
    term bigint NOT NULL DEFAULT 0,
    held_until timestamptz,
    begun_at timestamptz);

-- What a person is told: history. `resolved_at` stays NULL for a mere event, which has no end.
CREATE TABLE IF NOT EXISTS dashboard_alerts.notice (
    id uuid PRIMARY KEY,
    rule text NOT NULL,
    title text NOT NULL,
    lines text[] NOT NULL DEFAULT '{}',
    instances integer NOT NULL DEFAULT 1,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    is_event boolean NOT NULL DEFAULT false,
    labels jsonb NOT NULL DEFAULT '{}',
    contacts text[] NOT NULL DEFAULT '{}',
    role text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    fired_at timestamptz NOT NULL,
    resolved_at timestamptz);
ALTER TABLE dashboard_alerts.notice  -- told again while it still fires: when last, and how often
    ADD COLUMN IF NOT EXISTS repeated_at timestamptz, ADD COLUMN IF NOT EXISTS repeats integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS is_fault boolean NOT NULL DEFAULT false;  -- of the rule itself
CREATE INDEX IF NOT EXISTS notice_by_time ON dashboard_alerts.notice (fired_at DESC);
CREATE INDEX IF NOT EXISTS notice_by_rule ON dashboard_alerts.notice (rule, fired_at DESC);

-- What holds at present: pending until it has held long enough, then firing; told once it is in a notice.
CREATE TABLE IF NOT EXISTS dashboard_alerts.instance (
    rule text NOT NULL REFERENCES dashboard_alerts.rule ON DELETE CASCADE,
    fingerprint text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'firing')),
    since timestamptz NOT NULL,
    is_told boolean NOT NULL,
    notice uuid REFERENCES dashboard_alerts.notice ON DELETE SET NULL,
    text text NOT NULL,
    severity text NOT NULL,
    labels jsonb NOT NULL,
    role text NOT NULL,
    settings jsonb NOT NULL,
    PRIMARY KEY (rule, fingerprint));
CREATE INDEX IF NOT EXISTS instance_by_notice ON dashboard_alerts.instance (notice);

-- How a person wants to be told, by contact point. Quiet hours are of their own time zone; what is critical breaks them.
CREATE TABLE IF NOT EXISTS dashboard_alerts.preference (
    role text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    contact_point text NOT NULL REFERENCES dashboard_alerts.contact_point ON UPDATE CASCADE ON DELETE CASCADE,
    address text NOT NULL DEFAULT '' CHECK (length(address) <= 200 AND address !~ '[[:cntrl:]]'),
    minimum text NOT NULL DEFAULT 'warning' CHECK (minimum IN ('info', 'warning', 'critical')),
    quiet_from time,
    quiet_until time,
    zone text NOT NULL DEFAULT 'UTC' CHECK ((timestamptz '2000-01-01' AT TIME ZONE zone) IS NOT NULL),
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    PRIMARY KEY (role, settings, contact_point));

-- Who does not want to hear of a rule (NULL: of any) until when. One of nobody's role, without settings, holds for everybody.
CREATE TABLE IF NOT EXISTS dashboard_alerts.silence (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    role text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    rule text CHECK (length(rule) <= 200),
    labels jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(labels) = 'object'),
    reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 200),
    until timestamptz NOT NULL);

-- Up to when a person has seen what they were told.
CREATE TABLE IF NOT EXISTS dashboard_alerts.seen (
    role text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    at timestamptz NOT NULL,
    PRIMARY KEY (role, settings));

-- What is to be sent, and what became of it. `batch` names one message, the same for each attempt to send it.
CREATE TABLE IF NOT EXISTS dashboard_alerts.delivery (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    notice uuid NOT NULL REFERENCES dashboard_alerts.notice ON DELETE CASCADE,
    event text NOT NULL CHECK (event IN ('fired', 'resolved')),
    contact_point text NOT NULL,
    address text NOT NULL DEFAULT '',
    role text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'doubtful', 'dropped')),
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    batch uuid,
    claimed_until timestamptz,
    sent_at timestamptz,
    problem text NOT NULL DEFAULT '');
ALTER TABLE dashboard_alerts.delivery ADD COLUMN IF NOT EXISTS round integer NOT NULL DEFAULT 0;  -- of notice.repeats
ALTER TABLE dashboard_alerts.delivery DROP CONSTRAINT IF EXISTS delivery_notice_event_contact_point_address_key;
CREATE UNIQUE INDEX IF NOT EXISTS delivery_once ON dashboard_alerts.delivery (notice, event, contact_point, address, round);
CREATE INDEX IF NOT EXISTS delivery_due ON dashboard_alerts.delivery (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX IF NOT EXISTS delivery_sent ON dashboard_alerts.delivery (contact_point, address, sent_at) WHERE state = 'sent';

-- When to tell somebody: now, or when their quiet hours end.
CREATE OR REPLACE FUNCTION dashboard_alerts.due(now timestamptz, quiet_from time, quiet_until time, zone text)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN quiet_from < quiet_until AND local::time >= quiet_from AND local::time < quiet_until
            THEN (local::date + quiet_until) AT TIME ZONE zone
        WHEN quiet_from > quiet_until AND local::time >= quiet_from THEN (local::date + 1 + quiet_until) AT TIME ZONE zone
        WHEN quiet_from > quiet_until AND local::time < quiet_until THEN (local::date + quiet_until) AT TIME ZONE zone
        ELSE now END
    FROM (SELECT now AT TIME ZONE zone AS local) here
$$;

-- Who is not told of something is not told of its end.
CREATE OR REPLACE FUNCTION dashboard_alerts.drop_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE dashboard_alerts.delivery d SET state = 'dropped', problem = 'what it ends was not told'
    WHERE (d.notice, d.event, d.contact_point, d.address) = (NEW.notice, 'resolved', NEW.contact_point, NEW.address)
      AND d.state = 'waiting'
      AND NOT EXISTS (
          SELECT FROM dashboard_alerts.delivery f
          WHERE (f.notice, f.event, f.contact_point, f.address) = (d.notice, 'fired', d.contact_point, d.address)
            AND f.state IN ('waiting', 'sending', 'sent', 'doubtful'));
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER drop_end AFTER UPDATE OF state ON dashboard_alerts.delivery
    FOR EACH ROW WHEN (NEW.event = 'fired' AND NEW.state IN ('failed', 'dropped'))
    EXECUTE FUNCTION dashboard_alerts.drop_end();

-- Whether somebody of this scope is concerned by what is for an audience. A role that is gone concerns nobody.
CREATE OR REPLACE FUNCTION dashboard_alerts.concerns(audience text, wanted jsonb, role text, settings jsonb)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT settings @> wanted AND (audience = role OR audience <> '' AND role <> '' AND coalesce(
        pg_has_role(to_regrole(quote_ident(role))::oid, to_regrole(quote_ident(audience))::oid, 'USAGE'), false))
$$;

-- Each sees what is theirs. Written out instead of called, so that it can be seen to read nothing but settings.
ALTER TABLE dashboard_alerts.notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE dashboard_alerts.preference ENABLE ROW LEVEL SECURITY;
ALTER TABLE dashboard_alerts.silence ENABLE ROW LEVEL SECURITY;
ALTER TABLE dashboard_alerts.seen ENABLE ROW LEVEL SECURITY;
DO $$
DECLARE
    place text;
BEGIN
    FOREACH place IN ARRAY ARRAY['notice', 'preference', 'silence', 'seen'] LOOP
        IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = ('dashboard_alerts.' || place)::regclass) THEN
            EXECUTE format($policy$
                CREATE POLICY own_rows ON dashboard_alerts.%I
                USING (role <> '' AND pg_has_role(to_regrole(quote_ident(role))::oid, 'USAGE')
                       AND NOT EXISTS (SELECT FROM jsonb_each_text(settings) AS wanted
                                       WHERE NULLIF(current_setting(wanted.key, true), '') IS DISTINCT FROM wanted.value))
                $policy$, place);
        END IF;
    END LOOP;
END $$;

-- People choose among what takes their own address; where all are told by one, those decide who look after it.
DROP POLICY IF EXISTS own_address ON dashboard_alerts.preference;
CREATE POLICY own_address ON dashboard_alerts.preference AS RESTRICTIVE
    USING (true)
    WITH CHECK (EXISTS (SELECT FROM dashboard_alerts.contact_point c WHERE c.name = contact_point AND c.is_personal));

REVOKE ALL ON SCHEMA dashboard_alerts FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA dashboard_alerts FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dashboard_alerts FROM PUBLIC;
GRANT USAGE ON SCHEMA dashboard_alerts TO PUBLIC;
GRANT SELECT (id, rule, title, lines, instances, severity, is_event, labels, role, settings, fired_at, resolved_at, repeated_at)
    ON dashboard_alerts.notice TO PUBLIC;
GRANT SELECT (name, is_personal) ON dashboard_alerts.contact_point TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON dashboard_alerts.preference, dashboard_alerts.silence, dashboard_alerts.seen TO PUBLIC;
