-- Take away what the files of the log made; without CASCADE, so that nothing of anybody else's goes with it.
DROP TABLE IF EXISTS dashboard.presence, dashboard.process;
DROP FUNCTION IF EXISTS dashboard.log_insert(), dashboard.log_delete(), dashboard.log_row(), dashboard.log_truncate(),
    dashboard.ring(), dashboard.has_doorbell(), dashboard.rotate(interval, bigint), dashboard.reaches(pg_snapshot),
    dashboard.changes(xid8, xid8[], bigint), dashboard.emit(text, jsonb, text, jsonb),
    dashboard.messages(xid8, xid8[], text[], bigint), dashboard.attend(int, text, boolean, jsonb, uuid[], boolean, int[]), dashboard.silent(int),
    dashboard.depart(int);
DROP TABLE IF EXISTS dashboard.change_log, dashboard.log_slot, dashboard.log_horizon, dashboard.log_identity, dashboard.write_key;
DROP SCHEMA IF EXISTS dashboard;
