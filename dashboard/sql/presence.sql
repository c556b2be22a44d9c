-- Presence: who is here, on which page and record. Rows of one's own database, so a live query like any other shows them.
--
-- A row belongs to the process that serves the page, and goes with it. A process lives as long as its session holds the
-- advisory lock of its number: the system closes the connection of a killed process at once, keep-alives within twelve
-- seconds that of a machine that vanished. So a database in which nothing happens stays still: nobody writes to say that he
-- lives. Only behind a pooler, where no lock can be held, a process has to say so every five seconds; it is dead after
-- fifteen. All others look for the dead (`silent`), and take their rows away who were so for three seconds, which bridges
-- a short cut.
--
-- Who may see a row: who has the privileges of its role and the same settings, as for messages (messages.sql), and whom
-- row-level security does not bind. The policy is written out, not a function: what reads nothing but settings can be seen
-- to depend on no other table. PUBLIC may SELECT what is meant to be seen, because the policy decides.

CREATE TABLE IF NOT EXISTS dashboard.process (
    number int PRIMARY KEY,
    name text NOT NULL,  -- host and process id
    has_lock boolean NOT NULL,
    seen_at timestamptz NOT NULL) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS dashboard.presence (
    id uuid PRIMARY KEY,
    process int NOT NULL REFERENCES dashboard.process ON DELETE CASCADE,
    person text NOT NULL,  -- the same for all pages of one who is logged in
    name text NOT NULL,
    page text NOT NULL,
    record text,
    role oid,
    settings jsonb NOT NULL,
    since timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS presence_process ON dashboard.presence (process);

-- As triggers.sql would make them; a table of this schema is no table of the user's, so install leaves it alone.
CREATE OR REPLACE TRIGGER dashboard_insert AFTER INSERT ON dashboard.presence
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dashboard.log_insert();
CREATE OR REPLACE TRIGGER dashboard_delete AFTER DELETE ON dashboard.presence
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dashboard.log_delete();
CREATE OR REPLACE TRIGGER dashboard_update AFTER UPDATE ON dashboard.presence
    FOR EACH ROW EXECUTE FUNCTION dashboard.log_row('id');
CREATE OR REPLACE TRIGGER dashboard_truncate AFTER TRUNCATE ON dashboard.presence
    FOR EACH STATEMENT EXECUTE FUNCTION dashboard.log_truncate();

ALTER TABLE dashboard.presence ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS audience ON dashboard.presence;
CREATE POLICY audience ON dashboard.presence FOR SELECT USING (
    (role IS NULL OR pg_has_role(role, 'USAGE'))
    AND NOT EXISTS (SELECT FROM jsonb_each_text(settings) w
                    WHERE (current_setting(w.key, true) = NULLIF(w.value, '')) IS NOT TRUE));

REVOKE ALL ON dashboard.process, dashboard.presence FROM PUBLIC;
GRANT USAGE ON SCHEMA dashboard TO PUBLIC;
GRANT SELECT (id, person, name, page, record, since) ON dashboard.presence TO PUBLIC;

-- The processes that do not seem to live, but for this one; and whether this one is known: if not, its people were taken for
-- gone.
CREATE OR REPLACE FUNCTION dashboard.silent(process int) RETURNS TABLE (is_known boolean, silent int[])
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM dashboard.process p WHERE p.number = silent.process),
           ARRAY(SELECT p.number FROM dashboard.process p
                 WHERE p.number <> silent.process
                   AND CASE WHEN p.has_lock
                            THEN p.number::oid NOT IN (
                                SELECT l.objid FROM pg_locks l
                                WHERE l.locktype = 'advisory' AND l.classid = 1684107107 AND l.granted
                                  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
                            ELSE p.seen_at < clock_timestamp() - interval '15 seconds' END)
$$;

-- What a process says when somebody comes, moves on or leaves: who is here (`present`, an array of objects) and who is not any
-- more (`gone`); `whole` leaves nobody else of this process. `dead` are processes that were silent for long enough.
CREATE OR REPLACE FUNCTION dashboard.attend(
    process int, name text, has_lock boolean, present jsonb, gone uuid[], whole boolean, dead int[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO dashboard.process (number, name, has_lock, seen_at)
    VALUES (attend.process, attend.name, attend.has_lock, clock_timestamp())
    ON CONFLICT (number) DO UPDATE SET has_lock = excluded.has_lock, seen_at = excluded.seen_at;
    DELETE FROM dashboard.presence WHERE id = ANY (gone)
        OR whole AND process = attend.process
           AND id NOT IN (SELECT (one ->> 'id')::uuid FROM jsonb_array_elements(present) one);
    INSERT INTO dashboard.presence (id, process, person, name, page, record, role, settings)
    SELECT (one ->> 'id')::uuid, attend.process, one ->> 'person', one ->> 'name', one ->> 'page', one ->> 'record',
           CASE WHEN one ->> 'role' IS NOT NULL
                THEN coalesce((SELECT oid FROM pg_roles WHERE rolname = one ->> 'role'), 0) END,
           one -> 'settings'
    FROM jsonb_array_elements(present) one
    ON CONFLICT (id) DO UPDATE SET page = excluded.page, record = excluded.record
    WHERE (presence.page, presence.record) IS DISTINCT FROM (excluded.page, excluded.record);
    DELETE FROM dashboard.process p
    WHERE p.number = ANY (dead) AND p.number = ANY ((SELECT s.silent FROM dashboard.silent(attend.process) s)::int[]);
END $$;

-- The process ends, and everybody who was on a page of it leaves.
CREATE OR REPLACE FUNCTION dashboard.depart(process int) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM dashboard.process p WHERE p.number = depart.process
$$;

REVOKE ALL ON FUNCTION dashboard.attend, dashboard.depart, dashboard.silent FROM PUBLIC;
