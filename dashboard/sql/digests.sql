-- Digests: reports and summaries that go out on a schedule. Run again, it changes nothing.
--
-- Whose a digest is stands in it as a scope is written, with app.person, the login, as in alerts.sql: a person sees their
-- own, and may change of it whether, when, in whose days and to which address it goes, nothing else. What it holds is
-- decided when it is made, in the scope that the person has then.
--
-- A run has a name from its first attempt on, the same for each: an e-mail that was sent by a process that died before it
-- could say so comes again under the same Message-ID, a file in a folder takes the place of the same file.

CREATE SCHEMA IF NOT EXISTS dashboard_digests;
COMMENT ON SCHEMA dashboard_digests IS 'digests of the Python package dashboard';

CREATE TABLE IF NOT EXISTS dashboard_digests.digest (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    page text NOT NULL CHECK (page <> ''),
    login text NOT NULL DEFAULT '',
    role text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    format text NOT NULL CHECK (format IN ('html', 'pdf', 'png', 'txt')),
    since text NOT NULL DEFAULT '',
    contact_point text,
    folder text,
    is_on boolean NOT NULL DEFAULT true,
    schedule text NOT NULL
        CHECK (schedule ~ '^(daily|weekly (mon|tue|wed|thu|fri|sat|sun)) ([01][0-9]|2[0-3]):[0-5][0-9]$'),
    zone text NOT NULL DEFAULT 'UTC' CHECK ((timestamptz '2000-01-01' AT TIME ZONE zone) IS NOT NULL),
    address text NOT NULL DEFAULT '' CHECK (length(address) <= 200 AND address !~ '[[:cntrl:]]'),
    due_at timestamptz NOT NULL,
    run uuid,
    attempts integer NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    sent_at timestamptz,
    problem text NOT NULL DEFAULT '',
    CHECK ((contact_point IS NULL) <> (folder IS NULL)));
CREATE INDEX IF NOT EXISTS digest_due ON dashboard_digests.digest (due_at) WHERE is_on;

-- The first time after `after` that a schedule names, in its zone; NULL: it names none.
CREATE OR REPLACE FUNCTION dashboard_digests.next(schedule text, zone text, after timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT min(at)
    FROM generate_series(0, 8) AS day,
         LATERAL (SELECT (after AT TIME ZONE zone)::date + day AS date) here,
         LATERAL (SELECT substring(schedule FROM '(?:[01][0-9]|2[0-3]):[0-5][0-9]$')::time AS time) said,
         LATERAL (SELECT (date + time) AT TIME ZONE zone AS at) there
    WHERE at > after
      AND (schedule LIKE 'daily %'
           OR (ARRAY['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'])[1 + extract(dow FROM date)::integer] = substr(schedule, 8, 3))
$$;

CREATE OR REPLACE FUNCTION dashboard_digests.follow_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.due_at := coalesce(dashboard_digests.next(NEW.schedule, NEW.zone, clock_timestamp()), 'infinity');  -- is refused
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER follow_schedule BEFORE INSERT OR UPDATE OF schedule, zone, is_on ON dashboard_digests.digest
    FOR EACH ROW EXECUTE FUNCTION dashboard_digests.follow_schedule();

-- Each sees what is theirs; written out as in alerts.sql.
ALTER TABLE dashboard_digests.digest ENABLE ROW LEVEL SECURITY;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = 'dashboard_digests.digest'::regclass) THEN
        CREATE POLICY own_rows ON dashboard_digests.digest
        USING (role <> '' AND pg_has_role(to_regrole(quote_ident(role))::oid, 'USAGE')
               AND NOT EXISTS (SELECT FROM jsonb_each_text(settings) AS wanted
                               WHERE NULLIF(current_setting(wanted.key, true), '') IS DISTINCT FROM wanted.value));
    END IF;
END $$;

REVOKE ALL ON SCHEMA dashboard_digests FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA dashboard_digests FROM PUBLIC;
GRANT USAGE ON SCHEMA dashboard_digests TO PUBLIC;
GRANT SELECT (id, page, role, settings, format, since, is_on, schedule, zone, address, due_at, sent_at, problem),
    UPDATE (is_on, schedule, zone, address) ON dashboard_digests.digest TO PUBLIC;
