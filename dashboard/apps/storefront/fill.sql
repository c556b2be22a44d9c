-- From the sample files to rows that end now: what would lie in the future is left out, so that what was going on at
-- this time of the week goes on: some orders wait to be paid, some are on their way.

-- The triggers that add up and keep a diary stay out of this: both are done below, in order, for all rows at once.
ALTER TABLE storefront.order_items DISABLE TRIGGER USER;
ALTER TABLE storefront.orders DISABLE TRIGGER USER;
ALTER TABLE storefront.favourites DISABLE TRIGGER USER;
ALTER TABLE storefront.downloads DISABLE TRIGGER USER;

CREATE FUNCTION pg_temp.past(moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN moment <= now() THEN moment END
$$;

INSERT INTO storefront.shops (id, handle, name, city, opened_at)
SELECT id, handle, name, city, now() - make_interval(days => 200 * (6 - id)) FROM sample_shops;
INSERT INTO storefront.products (id, shop_id, name, category, price, bytes)
SELECT id, shop_id, name, category, price, bytes FROM sample_products;
INSERT INTO storefront.customers (id, shop_id, name, email, country, joined_at)
SELECT id, shop_id, name, email, country, pg_temp.at(at) FROM sample_customers WHERE pg_temp.at(at) <= now() ORDER BY id;

INSERT INTO storefront.favourites (customer_id, product_id, shop_id, added_at)
SELECT customer.id, product_id, customer.shop_id, pg_temp.at(at)
FROM sample_favourites favourite JOIN storefront.customers customer ON customer.id = customer_id
WHERE pg_temp.at(at) <= now()
ORDER BY at;

INSERT INTO storefront.orders (id, shop_id, customer_id, placed_at, paid_at, shipped_at, delivered_at, cancelled_at, items, total)
SELECT ordered.id, customer.shop_id, customer.id, pg_temp.at(at), pg_temp.past(pg_temp.at(at + paid_after)),
       pg_temp.past(pg_temp.at(at + shipped_after)), pg_temp.past(pg_temp.at(at + delivered_after)),
       pg_temp.past(pg_temp.at(at + cancelled_after)), item.items, item.total
FROM sample_orders ordered
JOIN storefront.customers customer ON customer.id = customer_id
JOIN (
    SELECT order_id, sum(quantity) AS items, sum(quantity * price) AS total
    FROM sample_order_items JOIN sample_products product ON product.id = product_id
    GROUP BY order_id
) item ON item.order_id = ordered.id
WHERE pg_temp.at(at) <= now()
ORDER BY ordered.id;

INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
SELECT order_id, product_id, ordered.shop_id, quantity, price
FROM sample_order_items item
JOIN storefront.orders ordered ON ordered.id = order_id
JOIN storefront.products product ON product.id = product_id
ORDER BY order_id, product_id;

INSERT INTO storefront.downloads (shop_id, customer_id, product_id, bytes, received, status, asked_at, ended_at)
SELECT customer.shop_id, customer.id, product.id, bytes,
       CASE WHEN pg_temp.at(at + took) <= now() THEN trunc(bytes * share) ELSE trunc(bytes * share / 2) END,
       CASE WHEN pg_temp.at(at + took) > now() THEN 'running'::storefront.download_status
            WHEN share < 1 THEN 'failed' ELSE 'done' END,
       pg_temp.at(at), pg_temp.past(pg_temp.at(at + took))
FROM sample_downloads download
JOIN storefront.customers customer ON customer.id = customer_id
JOIN storefront.products product ON product.id = product_id
WHERE pg_temp.at(at) <= now()
ORDER BY at;

-- A week of activities is enough for a feed.
INSERT INTO storefront.activities (shop_id, kind, customer, description, happened_at)
SELECT shop_id, kind, name, description, happened_at
FROM (
    SELECT favourite.shop_id, 'favourite'::storefront.activity_kind AS kind, favourite.customer_id,
           format('likes %s', product.name) AS description, added_at AS happened_at
    FROM storefront.favourites favourite JOIN storefront.products product ON product.id = product_id
    UNION ALL
    SELECT shop_id, 'order', customer_id, text, moment
    FROM storefront.orders ordered,
         LATERAL (VALUES (format('ordered for %s', total), placed_at), (format('paid order %s', id), paid_at),
                         (format('is sent order %s', id), shipped_at), (format('received order %s', id), delivered_at),
                         (format('cancelled order %s', id), cancelled_at)) AS step (text, moment)
    UNION ALL
    SELECT download.shop_id, 'download', customer_id,
           format(CASE status WHEN 'done' THEN 'downloaded %s' ELSE 'could not download %s' END, product.name), ended_at
    FROM storefront.downloads download JOIN storefront.products product ON product.id = product_id
) activity
JOIN (SELECT id AS customer_id, name FROM storefront.customers) customer USING (customer_id)
WHERE happened_at > now() - interval '7 days'
ORDER BY happened_at;

ALTER TABLE storefront.order_items ENABLE TRIGGER USER;
ALTER TABLE storefront.orders ENABLE TRIGGER USER;
ALTER TABLE storefront.favourites ENABLE TRIGGER USER;
ALTER TABLE storefront.downloads ENABLE TRIGGER USER;

-- The files bring their own keys: the next ones come after them.
SELECT setval(pg_get_serial_sequence('storefront.shops', 'id'), (SELECT max(id) FROM storefront.shops)),
       setval(pg_get_serial_sequence('storefront.products', 'id'), (SELECT max(id) FROM storefront.products)),
       setval(pg_get_serial_sequence('storefront.customers', 'id'), (SELECT max(id) FROM storefront.customers)),
       setval(pg_get_serial_sequence('storefront.orders', 'id'), (SELECT max(id) FROM storefront.orders));

ANALYZE storefront.products, storefront.customers, storefront.favourites, storefront.orders, storefront.order_items,
    storefront.downloads, storefront.activities;
