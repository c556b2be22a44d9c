-- Note the keys of several writes ($1) that were done in this transaction.
INSERT INTO dashboard.write_key (key) SELECT unnest($1::uuid[]);
