-- Messages: what is told and not kept. They stand in the change log between the changes of their transaction, so they come
-- in its order, with its snapshot, are resumed like it and forgotten with it; a rollback takes them back.
--
-- A row of the log with op M and relation 0 is a message: `new` is its envelope (topic, and the audience: role,
-- settings), `payload` what is told. The payload has a column of its own so that who reads changes does not read it.
--
-- An audience is written as a Scope is: a role and settings. The rule is that of row-level security, so a viewer hears of
-- what he could see: who is not bound by it (a superuser, BYPASSRLS) hears everything, else he has to have the privileges of
-- the role, as in CREATE POLICY … TO, and each setting has to have this value in his scope. Without an audience all hear it.
-- Nobody is empty: a setting that is '' or null is nobody's. One statement (heard.sql) asks this for all viewers at once,
-- with their roles and settings as values: a hundred viewers would be four hundred round trips if each were entered.

ALTER TABLE dashboard.change_log ADD COLUMN IF NOT EXISTS payload jsonb;
CREATE INDEX IF NOT EXISTS change_log_message ON dashboard.change_log (xid) WHERE op = 'M';

-- Tell all who listen to `topic` and belong to the audience, when this transaction commits. Whoever may EXECUTE this can
-- say anything to anybody: at first that is the owner of the log alone. A trigger that is to tell what its table's writers
-- may not is SECURITY DEFINER.
CREATE OR REPLACE FUNCTION dashboard.emit(
    topic text, payload jsonb DEFAULT 'null', role text DEFAULT NULL, settings jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seq bigint;
    wrong text;
BEGIN
    IF topic IS NULL OR topic !~ '^[^[:space:][:cntrl:]]{1,200}$' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s is not the name of a topic', coalesce(quote_literal(left(topic, 210)), 'NULL')),
            HINT = 'A topic is named by 1 to 200 characters without spaces.';
    END IF;
    IF role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
        RAISE undefined_object USING
            MESSAGE = format('there is no role %s, so nobody would hear it', quote_literal(role)),
            HINT = 'Name a role as in pg_roles, or NULL for any.';
    END IF;
    IF settings IS NOT NULL THEN
        IF jsonb_typeof(settings) <> 'object' THEN
            RAISE invalid_parameter_value USING
                MESSAGE = 'the settings of an audience are no object',
                HINT = 'Write them as {"app.user_id": "42"}.';
        END IF;
        SELECT name INTO wrong FROM jsonb_object_keys(settings) AS name
        WHERE name !~* '^[a-z_][a-z0-9_$]*([.][a-z_][a-z0-9_$]*)+$' LIMIT 1;
        IF FOUND THEN
            RAISE invalid_parameter_value USING
                MESSAGE = format('%s is not a setting that a viewer can have', quote_literal(wrong)),
                HINT = 'Name a setting of your own, with a dot in it, as app.user_id.';
        END IF;
    END IF;
    seq := nextval('dashboard.change_log_seq');
    INSERT INTO dashboard.change_log (slot, seq, relation, op, new, payload)
    VALUES ((seq >> 36) & 3, seq, 0, 'M',
            jsonb_strip_nulls(jsonb_build_object('topic', topic, 'role', role))
                || CASE WHEN settings IS NULL THEN '{}' ELSE jsonb_build_object('settings', settings) END,
            coalesce(payload, 'null'));
    IF NOT pg_try_advisory_xact_lock_shared(1684107106, 1) THEN PERFORM dashboard.ring(); END IF;
END $$;

-- Messages on some topics that became visible since an offset: its xmax, its list of open transactions, at most so many.
-- Settings as for dashboard.changes.
CREATE OR REPLACE FUNCTION dashboard.messages(since xid8, open xid8[], topics text[], most bigint)
RETURNS TABLE (seq bigint, xid xid8, at timestamptz, envelope jsonb, payload jsonb) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT w.seq, w.xid, w.at, w.new, w.payload
    FROM (SELECT l.* FROM dashboard.change_log l WHERE l.op = 'M' AND l.xid >= since
          UNION ALL
          SELECT l.* FROM dashboard.change_log l WHERE l.op = 'M' AND l.xid = ANY (open)) w
    WHERE w.new ->> 'topic' = ANY (topics)
    ORDER BY w.seq
    LIMIT most;
END $$;
