-- Take away what people.sql made, once nobody is left; without CASCADE, so that nothing of anybody else's goes with it.
DROP TABLE IF EXISTS dashboard_people.api_key;  -- which an older version did not make
DROP TABLE dashboard_people.ended, dashboard_people.scope, dashboard_people.password, dashboard_people.person;
DROP SCHEMA dashboard_people;
