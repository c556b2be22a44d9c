-- Messages since an offset (xmax: $1, open transactions: $2) on topics ($3), each with the numbers, from 1, of the viewers
-- (roles $4, settings $5) that may hear it; the rule stands in messages.sql. At most $6 messages; their payloads are left
-- out beyond $7 bytes in all. What is known of a viewer or a message alone is found out once, not for each pair.
WITH said AS MATERIALIZED (
    SELECT m.seq, m.xid, m.at, m.envelope ->> 'topic' AS topic, m.payload, sum(pg_column_size(m.payload)) OVER () AS bytes,
           m.envelope ? 'role' AS has_role,
           (SELECT r.oid FROM pg_roles r WHERE r.rolname = m.envelope ->> 'role') AS role,
           -- NULL where a setting is nobody's
           (SELECT CASE WHEN bool_and(w.value <> '') IS NOT FALSE AND count(w.value) = count(*)
                        THEN coalesce(jsonb_object_agg(w.key, w.value), '{}') END
            FROM jsonb_each_text(coalesce(m.envelope -> 'settings', '{}')) w) AS settings
    FROM dashboard.messages($1, $2, $3, $6) m),
viewers AS MATERIALIZED (
    SELECT v.place, r.oid, r.rolsuper OR r.rolbypassrls AS is_unbound,
           (SELECT coalesce(jsonb_object_agg(k.key, coalesce(v.settings ->> k.key, current_setting(k.key, true))), '{}')
            FROM (SELECT DISTINCT jsonb_object_keys(said.settings) AS key FROM said) k) AS settings
    FROM unnest($4::text[], $5::jsonb[]) WITH ORDINALITY v (role, settings, place)
    JOIN pg_roles r ON r.rolname = coalesce(v.role, current_user))
SELECT s.seq, s.xid, s.at, s.topic, h.viewers, s.bytes,
       CASE WHEN s.bytes <= $7 AND h.viewers <> '{}' THEN s.payload::text END AS payload
FROM said s
CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT v.place FROM viewers v
                 WHERE v.is_unbound
                    OR v.settings @> s.settings AND (NOT s.has_role OR pg_has_role(v.oid, s.role, 'USAGE'))) AS viewers) h
ORDER BY s.seq;
