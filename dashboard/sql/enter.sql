-- Enter a write's scope where no key can be noted: settings by name ($1) and value ($2), the role last.
SELECT pg_current_xact_id() AS xid,
       (SELECT count(set_config(s.name, s.value, true))
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS s (name, value, place)) AS settings;
