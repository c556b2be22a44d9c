-- The change log and the trigger functions that write it. Run again, it brings an older schema up to date.
--
-- A log row names its table (`relation`: the root's oid for a partition), what happened (`op`: I, U, D, or T) and the
-- row before and after as jsonb, so that a later ALTER TABLE can never make a write fail. T means "read this table
-- again": it was truncated (perhaps only one of its partitions), or a row has no jsonb image. An image gives the row
-- again by jsonb_populate_record, but for an array's lower bounds, the spacing of a json text, jsonb's null (it becomes
-- NULL), and virtual generated columns, which have no value in a trigger.
--
-- The log is a ring of four partitions. Which one is written stands in the sequence itself: bits 36 and up of `seq`
-- count the turns of the ring, and `rotate` turns it by setval(). A sequence knows no snapshots, so a writer in an old
-- REPEATABLE READ transaction turns with everybody else, and asking costs nothing beyond the nextval() that is due
-- anyway. A writer that was overtaken writes into a slot already left, which every reader still reads.
--
-- CACHE 1 and nextval() in AFTER triggers make `seq` right per row of a table: the second writer of a row waits for the
-- first one's commit before its trigger runs. It is not the order of commits; readers go by `xid` and snapshots.
--
-- Inserts and deletes of a plain table are logged by statement (transition tables: 100,000 rows in one INSERT cost 3.3
-- times the bare statement, with a trigger per row 5.3 times). Updates are logged by row: old and new arrive paired
-- by PostgreSQL itself (pairing two transition tables by row number is 15 % cheaper in bulk, dearer for one row, and
-- rests on an implementation detail). Everything is logged by row where statement triggers miss changes or
-- see them in another shape: partitioned tables (a row trigger on the root is cloned to every partition, future ones
-- too, and sees writes that name the partition), inheritance trees, tables that a logical subscription applies to (it
-- fires row triggers only), and tables with json columns or types with a cast to json of their own (json admits texts that
-- jsonb refuses; by row such an image can be caught without a subtransaction that writes).
--
-- Measured on PostgreSQL 18 and 2 cores, single-row INSERTs from 16 clients of pgbench, ratio to no trigger: statement
-- 0.75 to 0.80, row the same, with a NOTIFY in each commit 0.24 (PostgreSQL 15: 0.7 and 0.2; 100,000 rows 3.1 times).
-- Not worth their price (within 2 %): writing to a partition directly, dropping the `at` default, row_to_json, leaving
-- out the SET clauses below. The gate's try-lock costs 0.7 µs.
--
-- The SET clauses fix the search path, which SECURITY DEFINER needs, and the settings of a session that change how a
-- value is written as text: DateStyle (ranges), IntervalStyle, extra_float_digits.

CREATE SCHEMA IF NOT EXISTS dashboard;

CREATE TABLE IF NOT EXISTS dashboard.log_identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    incarnation uuid NOT NULL DEFAULT gen_random_uuid(),
    installed_at timestamptz NOT NULL DEFAULT now());

-- The largest transaction whose rows were ever rotated away, and the snapshot of the last rotation.
CREATE TABLE IF NOT EXISTS dashboard.log_horizon (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    xid xid8 NOT NULL DEFAULT '0',
    snapshot pg_snapshot,
    at timestamptz NOT NULL DEFAULT now());

-- When the ring came to each slot, and when it left.
CREATE TABLE IF NOT EXISTS dashboard.log_slot (
    slot smallint PRIMARY KEY,
    entered_at timestamptz,
    left_at timestamptz);

CREATE TABLE IF NOT EXISTS dashboard.change_log (
    seq bigint NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    relation oid NOT NULL,
    slot smallint NOT NULL,
    op "char" NOT NULL,
    old jsonb,
    new jsonb) PARTITION BY LIST (slot);

-- Rows are only appended, and go with their partition: a vacuum after inserts would be for nothing.
CREATE TABLE IF NOT EXISTS dashboard.change_log_0 PARTITION OF dashboard.change_log FOR VALUES IN (0)
    WITH (autovacuum_vacuum_insert_threshold = -1);
CREATE TABLE IF NOT EXISTS dashboard.change_log_1 PARTITION OF dashboard.change_log FOR VALUES IN (1)
    WITH (autovacuum_vacuum_insert_threshold = -1);
CREATE TABLE IF NOT EXISTS dashboard.change_log_2 PARTITION OF dashboard.change_log FOR VALUES IN (2)
    WITH (autovacuum_vacuum_insert_threshold = -1);
CREATE TABLE IF NOT EXISTS dashboard.change_log_3 PARTITION OF dashboard.change_log FOR VALUES IN (3)
    WITH (autovacuum_vacuum_insert_threshold = -1);
CREATE INDEX IF NOT EXISTS change_log_xid ON dashboard.change_log (xid);
CREATE SEQUENCE IF NOT EXISTS dashboard.change_log_seq CACHE 1 OWNED BY dashboard.change_log.seq;

INSERT INTO dashboard.log_identity DEFAULT VALUES ON CONFLICT DO NOTHING;
INSERT INTO dashboard.log_horizon DEFAULT VALUES ON CONFLICT DO NOTHING;
INSERT INTO dashboard.log_slot (slot, entered_at)
VALUES (0, now()), (1, NULL), (2, NULL), (3, NULL) ON CONFLICT DO NOTHING;

-- The doorbell. Whether somebody sleeps is known by the gate (see the trigger functions); ringing must not be able to
-- fail a user's commit, so it is left out where transactions can be prepared (PREPARE TRANSACTION refuses after NOTIFY)
-- and where another program has let the notification queue run full. The follower's heartbeat reads the log then.
CREATE OR REPLACE FUNCTION dashboard.ring() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('max_prepared_transactions') = '0' AND pg_notification_queue_usage() < 0.9 THEN
        PERFORM pg_notify('dashboard', '');
    END IF;
END $$;

-- Whether writers can wake a sleeping follower; without, it has to poll.
CREATE OR REPLACE FUNCTION dashboard.has_doorbell() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('max_prepared_transactions') = '0'
$$;

-- new_rows.*, not an alias alone: that would be taken for a column of that name.
CREATE OR REPLACE FUNCTION dashboard.log_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET extra_float_digits = 1 AS $$
BEGIN
    INSERT INTO dashboard.change_log (slot, seq, relation, op, new)
    SELECT (r.seq >> 36) & 3, r.seq, TG_RELID, 'I', r.image
    FROM (SELECT nextval('dashboard.change_log_seq') AS seq, to_jsonb(new_rows.*) AS image FROM new_rows) r;
    IF FOUND AND NOT pg_try_advisory_xact_lock_shared(1684107106, 1) THEN PERFORM dashboard.ring(); END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION dashboard.log_delete() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET extra_float_digits = 1 AS $$
BEGIN
    INSERT INTO dashboard.change_log (slot, seq, relation, op, old)
    SELECT (r.seq >> 36) & 3, r.seq, TG_RELID, 'D', r.image
    FROM (SELECT nextval('dashboard.change_log_seq') AS seq, to_jsonb(old_rows.*) AS image FROM old_rows) r;
    IF FOUND AND NOT pg_try_advisory_xact_lock_shared(1684107106, 1) THEN PERFORM dashboard.ring(); END IF;
    RETURN NULL;
END $$;

-- Arguments: names of the key's columns. An update that changes one of them, or that cannot be compared because a column
-- was renamed since, is logged as a delete and an insert.
CREATE OR REPLACE FUNCTION dashboard.log_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET extra_float_digits = 1 AS $$
DECLARE
    relation oid := coalesce(pg_partition_root(TG_RELID), TG_RELID);
    op "char" := TG_OP;
    before jsonb;
    after jsonb;
    seq bigint;
    field text;
BEGIN
    BEGIN
        IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD); END IF;
        IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW); END IF;
    EXCEPTION WHEN OTHERS THEN
        op := 'T';
        before := NULL;
        after := NULL;
    END;
    IF op = 'U' AND TG_NARGS > 0 THEN
        FOREACH field IN ARRAY TG_ARGV LOOP
            IF before -> field IS DISTINCT FROM after -> field OR NOT after ? field THEN
                seq := nextval('dashboard.change_log_seq');
                INSERT INTO dashboard.change_log (slot, seq, relation, op, old)
                VALUES ((seq >> 36) & 3, seq, relation, 'D', before);
                op := 'I';
                before := NULL;
                EXIT;
            END IF;
        END LOOP;
    END IF;
    seq := nextval('dashboard.change_log_seq');
    INSERT INTO dashboard.change_log (slot, seq, relation, op, old, new)
    VALUES ((seq >> 36) & 3, seq, relation, op, before, after);
    IF NOT pg_try_advisory_xact_lock_shared(1684107106, 1) THEN PERFORM dashboard.ring(); END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION dashboard.log_truncate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seq bigint := nextval('dashboard.change_log_seq');
BEGIN
    INSERT INTO dashboard.change_log (slot, seq, relation, op)
    VALUES ((seq >> 36) & 3, seq, coalesce(pg_partition_root(TG_RELID), TG_RELID), 'T');
    IF NOT pg_try_advisory_xact_lock_shared(1684107106, 1) THEN PERFORM dashboard.ring(); END IF;
    RETURN NULL;
END $$;
