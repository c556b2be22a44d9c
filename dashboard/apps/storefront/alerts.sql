-- What a shop is told of, asked for all shops at once as the owner of the tables.

-- name: orders
-- The latest steps of orders; one that leaves this list was told long ago.
SELECT ordered.id, ordered.shop_id, ordered.status::text AS status, ordered.total, customer.name AS customer,
       CASE ordered.status WHEN 'cancelled' THEN 'warning' ELSE 'info' END AS severity
FROM storefront.orders ordered
JOIN storefront.customers customer ON customer.id = ordered.customer_id
WHERE ordered.total > 0
ORDER BY COALESCE(ordered.cancelled_at, ordered.delivered_at, ordered.shipped_at, ordered.paid_at, ordered.placed_at) DESC,
         ordered.id DESC
LIMIT 200;

-- name: failed
SELECT shop_id, count(*) AS downloads
FROM storefront.downloads
WHERE status = 'failed' AND ended_at >= now() - interval '10 minutes'
GROUP BY shop_id;
