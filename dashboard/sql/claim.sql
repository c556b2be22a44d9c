-- Note a write's key ($1) in its transaction and enter its scope: settings by name ($2) and value ($3), the role last.
-- The right to note the key is checked before the role changes.
WITH noted AS (INSERT INTO dashboard.write_key (key) VALUES ($1) RETURNING xid)
SELECT noted.xid,
       (SELECT count(set_config(s.name, s.value, true))
        FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS s (name, value, place)) AS settings
FROM noted;
