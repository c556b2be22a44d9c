-- What is done at the counter with a statement of its own.

-- name: place
-- An order of the customer $1 for one each of the products $2.
WITH placed AS (
    INSERT INTO storefront.orders (shop_id, customer_id)
    SELECT shop_id, id FROM storefront.customers WHERE id = $1
    RETURNING id, shop_id
)
INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
SELECT placed.id, product.id, placed.shop_id, 1, product.price
FROM placed
JOIN storefront.products product ON product.shop_id = placed.shop_id AND product.id = ANY ($2::integer[]);
