-- Which of these keys of writes ($1) this snapshot has, each with its transaction.
SELECT key, xid FROM dashboard.write_key WHERE key = ANY ($1::uuid[]);
