-- Who may log in, and as whom PostgreSQL answers them. Run again, it changes nothing.
--
-- A schema of its own: capture and its log come and go without it. Passwords stand apart from people, so that whatever
-- reads people never touches a hash; both are private to the role that made them (see the last statement).
--
-- A scope is a role and settings. One without a page holds on every page that has none of its own; a person without any
-- sees nothing. A new generation makes every earlier login void: a changed password brings one.

SELECT pg_advisory_xact_lock(1684107106, 7);  -- two at once would both make them

CREATE SCHEMA IF NOT EXISTS dashboard_people;
COMMENT ON SCHEMA dashboard_people IS 'people who may log in, of the Python package dashboard';

CREATE TABLE IF NOT EXISTS dashboard_people.person (
    login text PRIMARY KEY CHECK (login <> '' AND length(login) <= 200 AND login = btrim(login)),
    name text NOT NULL CHECK (name <> ''),
    is_operator boolean NOT NULL DEFAULT false,
    generation uuid NOT NULL DEFAULT gen_random_uuid(),
    added_at timestamptz NOT NULL DEFAULT now());

CREATE TABLE IF NOT EXISTS dashboard_people.password (
    login text PRIMARY KEY REFERENCES dashboard_people.person ON DELETE CASCADE,
    hash text NOT NULL);

CREATE TABLE IF NOT EXISTS dashboard_people.scope (
    login text NOT NULL REFERENCES dashboard_people.person ON DELETE CASCADE,
    page text NOT NULL DEFAULT '',
    role text NOT NULL CHECK (role <> ''),
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    PRIMARY KEY (login, page));

-- Keys of programs that call in somebody's name, by their hash.
CREATE TABLE IF NOT EXISTS dashboard_people.api_key (
    key_hash text PRIMARY KEY,
    login text NOT NULL REFERENCES dashboard_people.person ON DELETE CASCADE,
    issued_at timestamptz NOT NULL DEFAULT now());

-- Logins that were ended before their time, by a hash of what their cookie says.
CREATE TABLE IF NOT EXISTS dashboard_people.ended (
    login_hash text PRIMARY KEY,
    until timestamptz NOT NULL);

-- Whatever the database's default privileges grant on new tables.
REVOKE ALL ON SCHEMA dashboard_people FROM PUBLIC;
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT DISTINCT c.oid::regclass AS relation,
               CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.relnamespace = 'dashboard_people'::regnamespace AND c.relkind = 'r' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', granted.relation, granted.grantee);
    END LOOP;
END $$;
