-- What the page shows, each statement as one shop: row security leaves nothing else to be asked for.
-- "Yesterday" is always yesterday until this time of day, so that a morning is compared with a morning. What is a day
-- is the session's business: the page asks in its reader's time zone.
--
-- $1 is the category meant, NULL for all, wherever nothing else is said. An order is of each category of its items, and
-- is worth to one what its items of that category cost.

-- name: revenue
SELECT COALESCE(sum(total) FILTER (WHERE paid_at >= date_trunc('day', now())), 0) AS today,
       COALESCE(sum(total) FILTER (WHERE paid_at < now() - interval '1 day'), 0) AS yesterday
FROM (
    SELECT paid_at, CASE WHEN $1::text IS NULL THEN ordered.total
                         ELSE (SELECT sum(item.quantity * item.price)
                               FROM storefront.order_items item
                               JOIN storefront.products product ON product.id = item.product_id
                               WHERE item.order_id = ordered.id AND product.category = $1) END AS total
    FROM storefront.orders ordered
    WHERE paid_at >= date_trunc('day', now()) - interval '1 day' AND cancelled_at IS NULL
) paid;

-- name: revenue_by_day
SELECT day, COALESCE(sum(CASE WHEN $1::text IS NULL THEN ordered.total
                              ELSE (SELECT sum(item.quantity * item.price)
                                    FROM storefront.order_items item
                                    JOIN storefront.products product ON product.id = item.product_id
                                    WHERE item.order_id = ordered.id AND product.category = $1) END), 0) AS revenue
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN storefront.orders ordered ON paid_at >= day AND paid_at < day + interval '1 day' AND cancelled_at IS NULL
GROUP BY day
ORDER BY day;

-- name: orders_today
SELECT count(*) FILTER (WHERE placed_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE placed_at < now() - interval '1 day') AS yesterday
FROM storefront.orders ordered
WHERE placed_at >= date_trunc('day', now()) - interval '1 day'
  AND ($1::text IS NULL OR ordered.id IN (SELECT item.order_id
                                          FROM storefront.order_items item
                                          JOIN storefront.products product ON product.id = item.product_id
                                          WHERE product.category = $1));

-- name: orders_by_day
SELECT day, count(id) AS orders
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN storefront.orders ordered
       ON placed_at >= day AND placed_at < day + interval '1 day'
      AND ($1::text IS NULL OR ordered.id IN (SELECT item.order_id
                                              FROM storefront.order_items item
                                              JOIN storefront.products product ON product.id = item.product_id
                                              WHERE product.category = $1))
GROUP BY day
ORDER BY day;

-- name: favourites_today
SELECT count(*) FILTER (WHERE added_at >= date_trunc('day', now())) AS today,
       count(*) FILTER (WHERE added_at < now() - interval '1 day') AS yesterday
FROM storefront.favourites
WHERE added_at >= date_trunc('day', now()) - interval '1 day'
  AND ($1::text IS NULL OR product_id IN (SELECT id FROM storefront.products WHERE category = $1));

-- name: favourites_by_day
SELECT day, count(customer_id) AS favourites
FROM generate_series(date_trunc('day', now()) - interval '13 days', date_trunc('day', now()), interval '1 day') AS day
LEFT JOIN storefront.favourites
       ON added_at >= day AND added_at < day + interval '1 day'
      AND ($1::text IS NULL OR product_id IN (SELECT id FROM storefront.products WHERE category = $1))
GROUP BY day
ORDER BY day;

-- name: downloads_under_way
SELECT count(*) AS downloads FROM storefront.downloads
WHERE ended_at IS NULL AND ($1::text IS NULL OR product_id IN (SELECT id FROM storefront.products WHERE category = $1));

-- name: activity_by_hour
-- Hours without anything are there, with 0.
SELECT hour AS at, kinds.kind, count(activity.id) AS activities
FROM generate_series(date_trunc('hour', now()) - interval '47 hours', date_trunc('hour', now()), interval '1 hour') AS hour
CROSS JOIN (VALUES (1, 'favourite'::storefront.activity_kind), (2, 'order'), (3, 'download')) AS kinds (place, kind)
LEFT JOIN storefront.activities activity
       ON activity.happened_at >= hour AND activity.happened_at < hour + interval '1 hour' AND activity.kind = kinds.kind
GROUP BY hour, place, kinds.kind
ORDER BY hour, place;

-- name: activities
-- $1: kind; NULL for all.
SELECT id, happened_at, kind::text AS kind, customer, description
FROM storefront.activities
WHERE $1::text IS NULL OR kind::text = $1
ORDER BY happened_at DESC, id DESC
LIMIT 50;

-- name: best_sellers
-- $1: how far back; $2: category, NULL for all.
SELECT product.id, product.name, product.category, sold.pieces, sold.revenue,
       (sold.revenue / max(sold.revenue) OVER ())::float8 AS share
FROM (
    SELECT item.product_id, sum(item.quantity) AS pieces, sum(item.quantity * item.price) AS revenue
    FROM storefront.orders ordered
    JOIN storefront.order_items item ON item.order_id = ordered.id
    WHERE ordered.paid_at >= now() - $1::interval AND ordered.cancelled_at IS NULL
    GROUP BY item.product_id
) sold
JOIN storefront.products product ON product.id = sold.product_id
WHERE $2::text IS NULL OR product.category = $2
ORDER BY sold.revenue DESC, product.id;

-- name: by_category
-- $1: how far back.
SELECT product.category, sum(item.quantity * item.price) AS revenue
FROM storefront.orders ordered
JOIN storefront.order_items item ON item.order_id = ordered.id
JOIN storefront.products product ON product.id = item.product_id
WHERE ordered.paid_at >= now() - $1::interval AND ordered.cancelled_at IS NULL
GROUP BY product.category
ORDER BY revenue DESC;

-- name: all_favourites
SELECT count(*) AS favourites FROM storefront.favourites
WHERE ($1::text IS NULL OR product_id IN (SELECT id FROM storefront.products WHERE category = $1));

-- name: liked
SELECT product.id, product.name, product.category, product.price, count(*) AS likes, max(added_at) AS latest
FROM storefront.favourites
JOIN storefront.products product ON product.id = product_id
WHERE $1::text IS NULL OR product.category = $1
GROUP BY product.id, product.name, product.category, product.price
ORDER BY likes DESC, product.id;

-- name: favourites_over_time
-- $1: number of days; of all categories. Days and categories without a favourite are there, with 0.
SELECT day AS at, category, count(favourite.customer_id) AS favourites
FROM generate_series(
         date_trunc('day', now()) - ($1::integer - 1) * interval '1 day', date_trunc('day', now()), interval '1 day') AS day
CROSS JOIN (SELECT category, array_agg(id) AS products FROM storefront.products GROUP BY category) AS shelf
LEFT JOIN storefront.favourites favourite
       ON added_at >= day AND added_at < day + interval '1 day' AND product_id = ANY (products)
GROUP BY day, category
ORDER BY day, category;

-- name: latest_favourites
SELECT favourite.customer_id, favourite.product_id, favourite.added_at, customer.name AS customer, product.name AS product
FROM storefront.favourites favourite
JOIN storefront.customers customer ON customer.id = favourite.customer_id
JOIN storefront.products product ON product.id = favourite.product_id
WHERE $1::text IS NULL OR product.category = $1
ORDER BY favourite.added_at DESC, favourite.customer_id DESC, favourite.product_id DESC
LIMIT 40;

-- name: under_way
-- Each order since when it is in its state.
SELECT ordered.id, ordered.status::text AS status, customer.name AS customer, customer.country, ordered.items,
       ordered.total, COALESCE(ordered.shipped_at, ordered.paid_at, ordered.placed_at) AS since
FROM storefront.orders ordered
JOIN storefront.customers customer ON customer.id = ordered.customer_id
WHERE ordered.delivered_at IS NULL AND ordered.cancelled_at IS NULL
  AND ($1::text IS NULL OR ordered.id IN (SELECT item.order_id
                                          FROM storefront.order_items item
                                          JOIN storefront.products product ON product.id = item.product_id
                                          WHERE product.category = $1))
ORDER BY since DESC, ordered.id DESC;

-- name: orders
-- $2: status; NULL for all.
SELECT ordered.id, customer.name AS customer, customer.email, ordered.status::text AS status, ordered.items,
       ordered.total, ordered.placed_at AS placed, ordered.paid_at, ordered.shipped_at
FROM storefront.orders ordered
JOIN storefront.customers customer ON customer.id = ordered.customer_id
WHERE ($2::text IS NULL OR ordered.status::text = $2)
  AND ($1::text IS NULL OR ordered.id IN (SELECT item.order_id
                                          FROM storefront.order_items item
                                          JOIN storefront.products product ON product.id = item.product_id
                                          WHERE product.category = $1))
ORDER BY ordered.placed_at DESC, ordered.id DESC;

-- name: order
-- $1: the order, as in the next.
SELECT ordered.id, 'Order ' || ordered.id || ' of ' || customer.name AS title, customer.email AS note,
       ordered.status::text AS status, ordered.items, ordered.total
FROM storefront.orders ordered
JOIN storefront.customers customer ON customer.id = ordered.customer_id
WHERE ordered.id = $1;

-- name: order_items
SELECT item.order_id, item.product_id, product.name AS product, product.category, item.quantity, item.price
FROM storefront.order_items item
JOIN storefront.products product ON product.id = item.product_id
WHERE item.order_id = $1
ORDER BY item.product_id;

-- name: downloads
-- What is under way comes first. $2: status; NULL for all.
SELECT download.id, product.name AS file, customer.name AS customer, download.status::text AS status, download.progress,
       download.bytes / 1e6 AS megabytes, download.asked_at AS asked, download.bytes, download.received
FROM storefront.downloads download
JOIN storefront.customers customer ON customer.id = download.customer_id
JOIN storefront.products product ON product.id = download.product_id
WHERE ($1::text IS NULL OR product.category = $1) AND ($2::text IS NULL OR download.status::text = $2)
ORDER BY download.ended_at IS NOT NULL, download.asked_at DESC, download.id DESC;

-- name: download_success
SELECT (count(*) FILTER (WHERE status = 'done' AND asked_at >= now() - interval '7 days'))::float8
           / NULLIF(count(*) FILTER (WHERE ended_at IS NOT NULL AND asked_at >= now() - interval '7 days'), 0) AS done,
       (count(*) FILTER (WHERE status = 'done' AND asked_at < now() - interval '7 days'))::float8
           / NULLIF(count(*) FILTER (WHERE ended_at IS NOT NULL AND asked_at < now() - interval '7 days'), 0) AS week_before
FROM storefront.downloads
WHERE asked_at >= now() - interval '14 days'
  AND ($1::text IS NULL OR product_id IN (SELECT id FROM storefront.products WHERE category = $1));

-- name: downloads_by_hour
SELECT hour AS at, outcomes.outcome, count(download.id) AS downloads
FROM generate_series(date_trunc('hour', now()) - interval '47 hours', date_trunc('hour', now()), interval '1 hour') AS hour
CROSS JOIN (VALUES (1, 'done'::storefront.download_status), (2, 'failed')) AS outcomes (place, outcome)
LEFT JOIN storefront.downloads download
       ON download.asked_at >= hour AND download.asked_at < hour + interval '1 hour' AND download.status = outcomes.outcome
      AND ($1::text IS NULL OR product_id IN (SELECT id FROM storefront.products WHERE category = $1))
GROUP BY hour, place, outcomes.outcome
ORDER BY hour, place;

-- name: gigabytes
SELECT COALESCE(sum(received) FILTER (WHERE asked_at >= date_trunc('day', now())), 0) / 1e9 AS today,
       COALESCE(sum(received) FILTER (WHERE asked_at < now() - interval '1 day'), 0) / 1e9 AS yesterday
FROM storefront.downloads
WHERE asked_at >= date_trunc('day', now()) - interval '1 day'
  AND ($1::text IS NULL OR product_id IN (SELECT id FROM storefront.products WHERE category = $1));

-- name: customers
-- $1: the category of what they like, NULL for all.
SELECT customer.id, customer.name, customer.email, customer.country, count(favourite.product_id) AS favourites,
       max(favourite.added_at) AS latest
FROM storefront.customers customer
LEFT JOIN storefront.favourites favourite
       ON favourite.customer_id = customer.id
      AND ($1::text IS NULL OR favourite.product_id IN (SELECT id FROM storefront.products WHERE category = $1))
GROUP BY customer.id
ORDER BY favourites DESC, customer.id;

-- name: customer
-- $1: the customer, as in the next three.
SELECT id, name AS title, email AS note FROM storefront.customers WHERE id = $1;

-- name: shelf
-- All there is, and what it is to the customer.
SELECT product.id, product.name, product.category, product.price, product.bytes, product.bytes IS NOT NULL AS is_file,
       favourite.added_at IS NOT NULL AS favourite
FROM storefront.products product
LEFT JOIN storefront.favourites favourite ON favourite.product_id = product.id AND favourite.customer_id = $1
ORDER BY product.category, product.name, product.id;

-- name: customer_orders
SELECT id, status::text AS status, items, total, placed_at AS placed, paid_at, shipped_at
FROM storefront.orders
WHERE customer_id = $1
ORDER BY placed_at DESC, id DESC;

-- name: customer_downloads
SELECT download.id, product.name AS file, download.status::text AS status, download.progress,
       download.bytes / 1e6 AS megabytes, download.asked_at AS asked, download.bytes, download.received
FROM storefront.downloads download
JOIN storefront.products product ON product.id = download.product_id
WHERE download.customer_id = $1
ORDER BY asked_at DESC, download.id DESC;

-- name: categories
SELECT DISTINCT category FROM storefront.products ORDER BY category;

-- name: shops
-- Whom one may look as; asked as the owner of the tables. $1: whether nobody has to log in.
SELECT id, handle, name FROM storefront.shops WHERE $1::boolean ORDER BY id LIMIT 3;
