-- Every capture trigger that should be, and every one that is, with the statement that makes the two equal (NULL: they are).
-- $1: oids of tables; NULL: all that have any. $2: whether they are to be captured, or to be left without a trace.
WITH RECURSIVE
mine AS (
    SELECT t.oid, t.tgrelid, t.tgname, t.tgtype, t.tgargs, t.tgenabled, p.proname
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
    WHERE p.pronamespace = to_regnamespace('dashboard') AND c.relnamespace <> p.pronamespace AND t.tgparentid = 0 AND NOT t.tgisinternal),
-- A partition that was detached keeps its truncate trigger, and is not captured by that alone.
roots AS (
    SELECT coalesce(pg_partition_root(named.oid)::oid, named.oid) AS root, bool_or(named.captured) AND $2 AS captured
    FROM (SELECT unnest($1::oid[]) AS oid, true AS captured
          UNION ALL SELECT tgrelid, (tgtype & 28) <> 0 FROM mine WHERE $1 IS NULL) named
    GROUP BY 1),
tree AS (
    SELECT root, captured, root AS oid FROM roots
    UNION
    SELECT tree.root, tree.captured, i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid),
-- A table of two inheritance parents is in two trees, once is enough. Only partitions are logged under another's oid.
members AS (
    SELECT DISTINCT ON (c.oid) coalesce(pg_partition_root(c.oid)::oid, c.oid) AS root, tree.captured, c.oid, c.relkind, c.relispartition, c.relowner,
           format('%I.%I', n.nspname, c.relname) AS name
    FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p')
    ORDER BY c.oid, tree.captured DESC),
types AS (
    SELECT m.oid AS relation, a.atttypid AS type
    FROM members m JOIN pg_attribute a ON a.attrelid = m.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT types.relation, part.type
    FROM types JOIN pg_type t ON t.oid = types.type
    CROSS JOIN LATERAL (SELECT unnest(ARRAY[t.typelem, t.typbasetype]) AS type
                        UNION ALL SELECT a.atttypid FROM pg_attribute a
                        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) part
    WHERE part.type <> 0),
how AS MATERIALIZED (
    SELECT m.*, m.relkind = 'p' OR m.relispartition AS partitioned,
           m.oid IN (SELECT i.inhparent FROM pg_inherits i UNION ALL SELECT i.inhrelid FROM pg_inherits i)
             OR EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = m.oid)
             OR EXISTS (SELECT FROM types t WHERE t.relation = m.oid
                          AND (t.type = 'json'::regtype
                               OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = t.type AND k.castfunc <> 0
                                            AND k.oid >= 16384 AND k.casttarget IN ('json'::regtype, 'jsonb'::regtype)))) AS by_row,
           coalesce((SELECT array_agg(a.attname::text ORDER BY k.place)
                     FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place)
                     JOIN pg_attribute a ON a.attnum = k.attnum
                     WHERE i.indrelid = m.oid AND i.indisprimary AND a.attrelid = m.oid AND k.place <= i.indnkeyatts),
                    '{}') AS key
    FROM members m),
-- tgtype: 1 for each row, 4 insert, 8 delete, 16 update, 32 truncate.
wanted AS (
    SELECT how.oid, how.name, spec.*, CASE WHEN spec.function = 'log_row' THEN how.key ELSE '{}' END AS arguments
    FROM how CROSS JOIN LATERAL (VALUES
        ('dashboard_partition', 'INSERT OR UPDATE OR DELETE', 'FOR EACH ROW', 'log_row', 29,
         how.partitioned AND how.oid = how.root),
        ('dashboard_row', 'INSERT OR UPDATE OR DELETE', 'FOR EACH ROW', 'log_row', 29,
         how.by_row AND NOT how.partitioned),
        ('dashboard_insert', 'INSERT', 'REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT', 'log_insert', 4,
         NOT how.by_row AND NOT how.partitioned),
        ('dashboard_delete', 'DELETE', 'REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT', 'log_delete', 8,
         NOT how.by_row AND NOT how.partitioned),
        ('dashboard_update', 'UPDATE', 'FOR EACH ROW', 'log_row', 17, NOT how.by_row AND NOT how.partitioned),
        ('dashboard_truncate', 'TRUNCATE', 'FOR EACH STATEMENT', 'log_truncate', 32, true)
    ) AS spec (trigger, event, clauses, function, type, applies)
    WHERE spec.applies AND how.captured),
compared AS (
    SELECT m.root, m.oid, m.name, m.relowner, coalesce(w.trigger, mine.tgname) AS trigger, w.event, w.clauses, w.function,
           w.arguments, mine.tgenabled,
           CASE WHEN w.trigger IS NULL THEN 'surplus'
                WHEN mine.oid IS NULL THEN 'missing'
                WHEN mine.tgenabled <> 'A' THEN 'disabled'
                WHEN mine.tgtype <> w.type OR mine.proname <> w.function
                  OR mine.tgargs <> coalesce((SELECT string_agg(convert_to(u.arg, getdatabaseencoding()) || '\x00', '' ORDER BY u.place)
                                              FROM unnest(w.arguments) WITH ORDINALITY u (arg, place)), '') THEN 'altered'
                ELSE 'complete' END AS state
    FROM wanted w FULL JOIN (SELECT mine.* FROM mine JOIN members ON members.oid = mine.tgrelid) mine
      ON mine.tgrelid = w.oid AND mine.tgname = w.trigger
    JOIN members m ON m.oid = coalesce(w.oid, mine.tgrelid))
SELECT c.root, (SELECT format('%I.%I', n.nspname, r.relname) FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
               WHERE r.oid = c.root) AS root_name,
       c.oid, c.name, c.trigger, c.state, pg_has_role(c.relowner, 'USAGE') AS owned, pg_get_userbyid(c.relowner) AS owner,
       CASE c.state
           WHEN 'complete' THEN NULL
           WHEN 'surplus' THEN format('DROP TRIGGER %I ON %s', c.trigger, c.name)
           WHEN 'disabled' THEN format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', c.name, c.trigger)
           ELSE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s EXECUTE FUNCTION dashboard.%I(%s); ALTER TABLE %3$s ENABLE ALWAYS TRIGGER %1$I',
                       c.trigger, c.event, c.name, c.clauses, c.function,
                       (SELECT string_agg(quote_literal(u.arg), ', ' ORDER BY u.place) FROM unnest(c.arguments) WITH ORDINALITY u (arg, place)))
       END AS statement
FROM compared c
ORDER BY c.root, c.oid = c.root DESC, c.oid, c.trigger;
