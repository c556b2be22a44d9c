-- The keys of writes, each noted in the transaction of its write: whether a write went through is then known for ever,
-- also where the connection broke in the middle of COMMIT. Who writes with a key that is there already gets a unique
-- violation; who does so while its first transaction is still open waits for its end. That is all it takes to send
-- a write again without doing it twice, however late the first attempt arrives.
--
-- Keys begin with the time they were made at, by the writer's clock, so they enter the index at its end and old ones are
-- found at its beginning; `at` is the server's clock.
CREATE TABLE IF NOT EXISTS dashboard.write_key (
    key uuid PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now());
