-- How much the log holds, since when, and whether it rotates. Row numbers are the planner's estimate.
SELECT (SELECT incarnation::text FROM dashboard.log_identity) AS incarnation,
       (SELECT xid FROM dashboard.log_horizon) AS horizon,
       (SELECT at FROM dashboard.log_horizon WHERE xid <> '0') AS rotated_at,
       (SELECT (last_value >> 36) & 3 FROM dashboard.change_log_seq) AS slot,
       (SELECT min(entered_at) FROM dashboard.log_slot s
        WHERE pg_relation_size(format('dashboard.change_log_%s', s.slot)::regclass) > 0) AS oldest,
       (SELECT entered_at FROM dashboard.log_slot WHERE slot = (SELECT (last_value >> 36) & 3 FROM dashboard.change_log_seq)) AS entered_at,
       (SELECT sum(greatest(c.reltuples, 0))::bigint FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'dashboard.change_log'::regclass) AS rows,
       (SELECT array_agg(pg_total_relation_size(format('dashboard.change_log_%s', s.slot)::regclass) ORDER BY s.slot)
        FROM dashboard.log_slot s) AS slot_bytes,
       dashboard.has_doorbell() AS doorbell,
       clock_timestamp() AS at;
