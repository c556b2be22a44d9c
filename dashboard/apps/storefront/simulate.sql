-- What customers do, one statement each. Totals and activities are the triggers' business.

-- name: products
SELECT id, shop_id, bytes FROM storefront.products ORDER BY id;

-- name: customers
SELECT id, shop_id FROM storefront.customers ORDER BY id DESC LIMIT 5000;

-- name: orders_under_way
SELECT id, status::text FROM storefront.orders
WHERE delivered_at IS NULL AND cancelled_at IS NULL ORDER BY id DESC LIMIT 300;

-- name: downloads_under_way
SELECT id FROM storefront.downloads WHERE ended_at IS NULL ORDER BY id;

-- name: join
INSERT INTO storefront.customers (shop_id, name, email, country) VALUES ($1, $2, $3, $4) RETURNING id;

-- name: like
INSERT INTO storefront.favourites (customer_id, product_id, shop_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: unlike
DELETE FROM storefront.favourites
WHERE (customer_id, product_id) = (
    SELECT customer_id, product_id FROM storefront.favourites
    WHERE shop_id = $1 ORDER BY added_at DESC, customer_id, product_id OFFSET $2 LIMIT 1);

-- name: order
INSERT INTO storefront.orders (shop_id, customer_id) VALUES ($1, $2) RETURNING id;

-- name: items
INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
SELECT $1, product.id, shop_id, quantity, price
FROM unnest($2::integer[], $3::integer[]) AS chosen (id, quantity)
JOIN storefront.products product ON product.id = chosen.id
ON CONFLICT DO NOTHING;

-- name: pay
UPDATE storefront.orders SET paid_at = now() WHERE id = $1 AND status = 'pending';

-- name: ship
UPDATE storefront.orders SET shipped_at = now() WHERE id = $1 AND status = 'paid';

-- name: deliver
UPDATE storefront.orders SET delivered_at = now() WHERE id = $1 AND status = 'shipped';

-- name: cancel
UPDATE storefront.orders SET cancelled_at = now() WHERE id = $1 AND status IN ('pending', 'paid');

-- name: ask
INSERT INTO storefront.downloads (shop_id, customer_id, product_id, bytes)
SELECT shop_id, $1, id, bytes FROM storefront.products WHERE id = $2 AND bytes IS NOT NULL RETURNING id;

-- name: receive
UPDATE storefront.downloads
SET received = LEAST(bytes, received + ceil(bytes * $2::float8)::bigint),
    status = CASE WHEN received + ceil(bytes * $2::float8)::bigint >= bytes THEN 'done'::storefront.download_status
                  ELSE 'running' END,
    ended_at = CASE WHEN received + ceil(bytes * $2::float8)::bigint >= bytes THEN now() END
WHERE id = $1 AND ended_at IS NULL
RETURNING status::text;

-- name: fail
UPDATE storefront.downloads SET status = 'failed', ended_at = now() WHERE id = $1 AND ended_at IS NULL;

-- name: forget_activities
DELETE FROM storefront.activities
WHERE id IN (SELECT id FROM storefront.activities WHERE happened_at < now() - interval '7 days' ORDER BY id LIMIT 500);
