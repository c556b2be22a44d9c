-- What an account is told of, asked for all accounts at once as the owner of the tables.

-- name: system
-- Alerts that nobody has acknowledged.
SELECT id, account_id, severity::text AS severity, message FROM calls.alerts WHERE acknowledged_at IS NULL;

-- name: paid
-- The latest payments that were made; one that leaves this list was told long ago.
SELECT payment.id, payment.account_id, payment.amount, buyer.name AS buyer
FROM calls.payments payment
JOIN calls.buyers buyer ON buyer.id = payment.buyer_id
WHERE payment.status = 'paid'
ORDER BY payment.settled_at DESC, payment.id DESC
LIMIT 200;

-- name: waiting
SELECT account_id, count(*) AS callers FROM calls.calls WHERE state = 'ringing' GROUP BY account_id;
