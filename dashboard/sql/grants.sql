-- Statements that let a role ($1) follow the log, and note the keys of its writes, without owning it.
SELECT format('GRANT USAGE ON SCHEMA dashboard TO %1$I; GRANT SELECT ON ALL TABLES IN SCHEMA dashboard TO %1$I; '
              'GRANT INSERT ON dashboard.write_key TO %1$I; '
              'GRANT SELECT ON ALL SEQUENCES IN SCHEMA dashboard TO %1$I; '
              'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA dashboard TO %1$I;', $1::text);
