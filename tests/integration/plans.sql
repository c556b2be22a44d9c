-- One table of every trait that a plan is chosen by.
CREATE TABLE o (id int PRIMARY KEY, shop int, status text, total numeric(10, 2), at timestamptz, tags text[], doc jsonb,
                js json, "Id" int, e bytea, c char(3), iv interval, r int4range, f float8);
CREATE TABLE m (id int PRIMARY KEY, name text);
CREATE TABLE pairs (a int, b text, x int, PRIMARY KEY (a, b));
CREATE TABLE nokey (a int, b text);
CREATE TABLE nullable (a int UNIQUE, b int);
CREATE TABLE partial (a int NOT NULL, b int);
CREATE UNIQUE INDEX ON partial (a) WHERE b > 0;
CREATE TABLE deferred (a int NOT NULL UNIQUE DEFERRABLE, b int);
CREATE TABLE alternate (a int, b int NOT NULL UNIQUE);
CREATE TABLE odd_key (k jsonb PRIMARY KEY, x int);
CREATE TABLE lists (k int[] PRIMARY KEY, x int);
CREATE TABLE "Odd ""Näme" ("é" int PRIMARY KEY, x int);
CREATE TABLE parted (id int, reg text, PRIMARY KEY (id, reg)) PARTITION BY LIST (reg);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parent (id int PRIMARY KEY, v int);
CREATE TABLE child () INHERITS (parent);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE moods (id int PRIMARY KEY, m mood);
CREATE VIEW v AS SELECT * FROM o;
CREATE VIEW recent AS SELECT id FROM o WHERE at > now() - interval '1 day';
CREATE MATERIALIZED VIEW mv AS SELECT * FROM o;
CREATE SCHEMA s;
CREATE TABLE s.o (id int PRIMARY KEY, n int);
CREATE FUNCTION vol(i int) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN i; END';
CREATE FUNCTION sta(i int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN i; END';
CREATE FUNCTION imm(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i';
CREATE FUNCTION known(a int, b int) RETURNS boolean LANGUAGE plpgsql STABLE
AS 'BEGIN RETURN EXISTS (SELECT FROM m WHERE id = a); END';
CREATE OPERATOR @@@ (leftarg = int, rightarg = int, function = known);
INSERT INTO o SELECT i, i % 2, 'x', i, '2025-01-01', '{a,b}', '{"a": 1}', '{}', i, '', 'c', '1 day', '[1,3)', 1
FROM generate_series(1, 4) i;
INSERT INTO m VALUES (1, 'one');
