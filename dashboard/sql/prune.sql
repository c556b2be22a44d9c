-- Forget the keys of writes older than $1; nobody is in doubt about these any more.
DELETE FROM dashboard.write_key WHERE at < now() - $1::interval;
