-- Messages since an offset (xmax: $1, open transactions: $2) on topics ($3), each with the numbers, from 1, of the viewers
-- (roles $4, settings $5) that may hear it. At most $6 messages; their payloads are left out beyond $7 bytes in all.
SELECT seq, xid, at, topic, viewers, CASE WHEN bytes <= $7 AND viewers <> '{}' THEN payload::text END AS payload, bytes
FROM (SELECT m.*, m.envelope ->> 'topic' AS topic,
             ARRAY(SELECT v.place FROM unnest($4::text[], $5::jsonb[]) WITH ORDINALITY v (role, settings, place)
                   WHERE dashboard.may_hear(m.envelope, v.role, v.settings)) AS viewers,
             sum(pg_column_size(m.payload)) OVER () AS bytes
      FROM dashboard.messages($1, $2, $3, $6) m) w
ORDER BY seq;
