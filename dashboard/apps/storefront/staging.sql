-- Where the sample files are copied to before their times are known: one temporary table for each file.
-- Times (at, …after) are seconds: from Monday of this week, and after the row's own time.
CREATE TEMPORARY TABLE sample_shops (id integer, handle text, name text, city text) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_products (
    id integer, shop_id integer, name text, category text, price numeric, bytes bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_customers (
    id bigint, shop_id integer, name text, email text, country text, at bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_favourites (customer_id bigint, product_id integer, at bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_orders (
    id bigint, customer_id bigint, at bigint, paid_after integer, shipped_after integer, delivered_after integer,
    cancelled_after integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_order_items (order_id bigint, product_id integer, quantity integer) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_downloads (
    customer_id bigint, product_id integer, at bigint, took integer, share numeric
) ON COMMIT DROP;
