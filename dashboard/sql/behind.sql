-- What stands unseen behind the relations that a query reads ($1): views, policies and the functions these call.
-- clock: something depends on the time; opaque: a function may read other tables, and the time as well.
SELECT coalesce(bool_or(part.text ~* $2), false) AS clock, coalesce(bool_or(part.opaque), false) AS opaque
FROM (SELECT pg_get_viewdef(c.oid) AS text,
             EXISTS (SELECT FROM pg_rewrite r
                     JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                     LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
                     JOIN pg_proc p ON p.oid = CASE WHEN d.refclassid = 'pg_proc'::regclass THEN d.refobjid
                                                    ELSE o.oprcode::oid END
                     WHERE r.ev_class = c.oid AND p.oid >= 16384 AND p.provolatile <> 'i') AS opaque
      FROM pg_class c WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('v', 'm')
      UNION ALL
      SELECT pg_get_expr(y.polqual, y.polrelid),
             EXISTS (SELECT FROM pg_depend d
                     LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
                     JOIN pg_proc p ON p.oid = CASE WHEN d.refclassid = 'pg_proc'::regclass THEN d.refobjid
                                                    ELSE o.oprcode::oid END
                     WHERE d.classid = 'pg_policy'::regclass AND d.objid = y.oid
                       AND p.oid >= 16384 AND p.provolatile <> 'i')
      FROM pg_policy y
      WHERE y.polrelid = ANY ($1::oid[]) AND row_security_active(y.polrelid)) part;
