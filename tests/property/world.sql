-- The tables of the property tests: every kind of key, few values, so that random statements meet.
CREATE TABLE plain (id int PRIMARY KEY, a int, b text COLLATE "C", c numeric, f float8, at timestamptz, ok boolean);
CREATE TABLE pair (x int, y text, v int, w numeric(8, 2), PRIMARY KEY (x, y));
CREATE TABLE named (u uuid PRIMARY KEY, n int, tag text);
CREATE TABLE coded (code text COLLATE "C" PRIMARY KEY, n bigint, c numeric);
CREATE TABLE keyless (a int, b text, c numeric);
CREATE TABLE parts (id int, region text, v numeric, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parts_n PARTITION OF parts FOR VALUES IN ('n');
CREATE TABLE parts_s PARTITION OF parts FOR VALUES IN ('s');
CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
CREATE TABLE secured (id int PRIMARY KEY, owner text, amount numeric, a int);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secured FOR SELECT USING (owner = current_setting('app.user', true));
CREATE TABLE shared_with (id int, friend text, PRIMARY KEY (id, friend));
CREATE TABLE guarded (id int PRIMARY KEY, v int);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY friends ON guarded FOR SELECT
    USING (EXISTS (SELECT FROM shared_with s WHERE s.id = guarded.id AND s.friend = current_setting('app.user', true)));
CREATE TABLE lookup (id int PRIMARY KEY, name text);
CREATE TABLE numbers (id numeric PRIMARY KEY, a int);
CREATE TABLE chained (id int PRIMARY KEY, v int, CHECK (v < 1000000));
CREATE FUNCTION chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 3 THEN
        UPDATE chained SET v = NEW.v + 1 WHERE id IN (NEW.id, NEW.id + 1) AND v < 50;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chain AFTER INSERT OR UPDATE ON chained FOR EACH ROW EXECUTE FUNCTION chain();
CREATE TABLE owners (id int PRIMARY KEY);
CREATE TABLE owned (id int PRIMARY KEY, owner int REFERENCES owners ON DELETE CASCADE ON UPDATE CASCADE, v numeric);
CREATE VIEW joined AS SELECT p.id, p.a, p.c, l.name FROM plain p LEFT JOIN lookup l ON l.id = p.a;
CREATE VIEW totals AS SELECT a, count(*) AS n, sum(c) AS total FROM plain GROUP BY a;
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM lookup';
DO $$
BEGIN
    CREATE ROLE property_reader;
EXCEPTION WHEN duplicate_object THEN
    NULL;
END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO property_reader;
