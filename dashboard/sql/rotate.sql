-- Rotation: give back what is old, and turn the ring.
--
-- A slot is emptied by TRUNCATE, never by DELETE. Writers still at work in it make rotation come back later; for readers,
-- who hold it for milliseconds but again and again, it waits a little, once, while it holds no other slot (they lock all
-- of them, in another order). The lock is taken before anything is looked at, so everything in the slot has ended by then.
-- The horizon is kept in the same transaction, for readers that took their lock afterwards.
--
-- The ring is turned when the slot in use is half the retention old or holds a quarter of the size, to the next empty
-- slot; so with four slots a change is kept for `retention` at least and one and a half of it at most. Beyond `max_bytes`
-- the oldest slot goes whatever its age. One transaction larger than that cannot be divided: the log outgrows its bound
-- until that slot's turn comes.

-- SECURITY DEFINER, so that a follower's role needs to read the log and no more. It must see the newest state of the
-- log, hence no transaction with an older snapshot.
CREATE OR REPLACE FUNCTION dashboard.rotate(retention interval, max_bytes bigint) RETURNS TABLE (emptied int, turned boolean, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
    turn bigint := (SELECT last_value >> 36 FROM dashboard.change_log_seq);
    place record;
    newest xid8;
    step int;
    entered timestamptz;
BEGIN
    emptied := 0;
    turned := false;
    SELECT sum(pg_total_relation_size(inhrelid)) INTO bytes FROM pg_inherits WHERE inhparent = 'dashboard.change_log'::regclass;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'rotate needs READ COMMITTED' USING ERRCODE = 'active_sql_transaction';
    END IF;
    IF NOT pg_try_advisory_xact_lock(1684107106, 4) THEN
        RETURN NEXT;
        RETURN;
    END IF;
    FOR place IN
        SELECT s.slot, s.left_at, part.oid::regclass AS relation, pg_total_relation_size(part.oid) AS bytes
        FROM dashboard.log_slot s
        JOIN pg_class part ON part.oid = format('dashboard.change_log_%s', s.slot)::regclass
        WHERE s.slot <> (turn & 3) AND pg_relation_size(part.oid) > 0
        ORDER BY s.entered_at NULLS FIRST
    LOOP
        CONTINUE WHEN place.left_at > clock_timestamp() - retention AND bytes <= max_bytes;
        CONTINUE WHEN EXISTS (SELECT FROM pg_locks l WHERE l.relation = place.relation AND l.mode = 'RowExclusiveLock'
                                AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()));
        BEGIN
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE %s', place.relation,
                           CASE WHEN emptied > 0 THEN 'NOWAIT' ELSE '' END);
        EXCEPTION WHEN lock_not_available THEN
            CONTINUE;
        END;
        EXECUTE format('SELECT xid FROM %s ORDER BY xid DESC LIMIT 1', place.relation) INTO newest;
        EXECUTE format('TRUNCATE %s', place.relation);
        UPDATE dashboard.log_horizon
        SET xid = greatest(xid, newest), snapshot = pg_current_snapshot(), at = clock_timestamp();
        emptied := emptied + 1;
        bytes := bytes - place.bytes + pg_total_relation_size(place.relation);
    END LOOP;
    SELECT s.entered_at INTO entered FROM dashboard.log_slot s WHERE s.slot = (turn & 3);
    IF pg_relation_size(format('dashboard.change_log_%s', turn & 3)::regclass) > 0
       AND (entered IS NULL OR entered <= clock_timestamp() - retention / 2
            OR pg_total_relation_size(format('dashboard.change_log_%s', turn & 3)::regclass) >= max_bytes / 4) THEN
        FOR step IN 1 .. 3 LOOP
            IF pg_relation_size(format('dashboard.change_log_%s', (turn + step) & 3)::regclass) = 0 THEN
                PERFORM setval('dashboard.change_log_seq', (turn + step) << 36, false);
                UPDATE dashboard.log_slot SET left_at = clock_timestamp() WHERE slot = (turn & 3);
                UPDATE dashboard.log_slot SET entered_at = clock_timestamp(), left_at = NULL WHERE slot = ((turn + step) & 3);
                turned := true;
                EXIT;
            END IF;
        END LOOP;
    END IF;
    RETURN NEXT;
END $$;
