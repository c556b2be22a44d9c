-- Forget the keys of writes older than $1; nobody is in doubt about these any more. A key begins with the time it was
-- made at, in milliseconds: 48 bits of which the first 32 are enough to find where to stop.
DELETE FROM dashboard.write_key
WHERE key < (lpad(to_hex(((extract(epoch FROM now() - $1::interval) * 1000)::bigint) >> 16), 8, '0')
             || '-0000-0000-0000-000000000000')::uuid
  AND at < now() - $1::interval;
