-- People of these logins ($1; NULL: all), with their scopes by page; never a password.
SELECT person.login, name, is_operator, generation::text AS generation,
       EXISTS (SELECT FROM dashboard_people.password WHERE password.login = person.login) AS has_password,
       COALESCE((SELECT jsonb_object_agg(page, jsonb_build_object('role', role, 'settings', settings))
                 FROM dashboard_people.scope WHERE scope.login = person.login), '{}')::text AS scopes
FROM dashboard_people.person
WHERE $1::text[] IS NULL OR login = ANY ($1)
ORDER BY login;
