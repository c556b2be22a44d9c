-- What people say about the rows of one table of an app: the table `comments` beside it. Of it tell the settings
-- dashboard.records (the table), dashboard.owner (its column that says whose a row is, unique together with id) and
-- dashboard.member (the role under which people look).
--
-- Who sees a row sees and writes its comments: they carry the row's owner, by which the foreign key and the same policy
-- as the row's go. Who speaks is the setting app.person, and what they are called app.person_name; both are the server's
-- to make, without them nothing can be said. A guest, whom nobody knows, is called as the page says.
-- One changes and deletes one's own, and of them the words alone. Run again, it mends what an older version had made.
DO $do$
DECLARE
    records regclass := current_setting('dashboard.records')::regclass;
    owner   name := current_setting('dashboard.owner');
    member  name := current_setting('dashboard.member');
    place   name := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = records);
    whose   text := format('%I = (SELECT NULLIF(current_setting(''app.user_id'', true), '''')::integer)', owner);
    own     text := whose || ' AND author = (SELECT NULLIF(current_setting(''app.person'', true), ''''))';
    called  text := ' AND name = coalesce((SELECT NULLIF(current_setting(''app.person_name'', true), '''')), '
                    'CASE WHEN author LIKE ''(guest) %'' THEN name END)';
BEGIN
    EXECUTE format($sql$
        CREATE TABLE IF NOT EXISTS %1$s.comments (
            id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            %2$I       integer NOT NULL DEFAULT NULLIF(current_setting('app.user_id', true), '')::integer,
            record     bigint NOT NULL,
            author     varchar(200) NOT NULL,
            name       varchar(200) NOT NULL,
            body       varchar(4000) NOT NULL CHECK (body ~ '\S'),
            created_at timestamptz NOT NULL DEFAULT now(),
            edited_at  timestamptz,
            FOREIGN KEY (record, %2$I) REFERENCES %3$s (id, %2$I) ON UPDATE CASCADE ON DELETE CASCADE
        );
        CREATE INDEX IF NOT EXISTS comments_by_record ON %1$s.comments (record, created_at);

        CREATE OR REPLACE FUNCTION %1$s.note_edit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.edited_at := now();
            RETURN NEW;
        END $$;
        CREATE OR REPLACE TRIGGER note_edit BEFORE UPDATE OF body ON %1$s.comments FOR EACH ROW
            WHEN (NEW.body IS DISTINCT FROM OLD.body) EXECUTE FUNCTION %1$s.note_edit();

        ALTER TABLE %1$s.comments ENABLE ROW LEVEL SECURITY;
        DROP POLICY IF EXISTS of_own_rows ON %1$s.comments;
        DROP POLICY IF EXISTS said_by_oneself ON %1$s.comments;
        DROP POLICY IF EXISTS changed_by_oneself ON %1$s.comments;
        DROP POLICY IF EXISTS deleted_by_oneself ON %1$s.comments;
        CREATE POLICY of_own_rows ON %1$s.comments FOR SELECT TO %4$I USING (%5$s);
        CREATE POLICY said_by_oneself ON %1$s.comments FOR INSERT TO %4$I WITH CHECK (%6$s%7$s);
        CREATE POLICY changed_by_oneself ON %1$s.comments FOR UPDATE TO %4$I USING (%6$s);
        CREATE POLICY deleted_by_oneself ON %1$s.comments FOR DELETE TO %4$I USING (%6$s);
        GRANT SELECT, DELETE, INSERT (id, record, author, name, body), UPDATE (body) ON %1$s.comments TO %4$I;
    $sql$, place, owner, records, member, whose, own, called);
END $do$;
