-- Of tables ($1: oids), the columns that this role may SELECT, in an array; those of which it may read nothing are missing.
-- A row image of the log holds all columns, so what is shown of it is asked here.
SELECT c.oid AS relation,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND has_column_privilege(c.oid, a.attnum, 'SELECT')) AS columns
FROM pg_class c
WHERE c.oid = ANY ($1::oid[])
  AND has_schema_privilege(c.relnamespace, 'USAGE')
  AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'));
