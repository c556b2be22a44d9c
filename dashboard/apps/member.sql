-- The role under which an app's viewers look; its name is the setting dashboard.member.
-- Roles belong to the whole cluster: another database may have created this one already.
DO $$
DECLARE
    member text := current_setting('dashboard.member');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = member) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', member);
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- somebody was faster
END $$;

-- Whoever loads the schema may view it as a member: SET ROLE asks for membership.
DO $$
DECLARE
    member text := current_setting('dashboard.member');
BEGIN
    EXECUTE format('GRANT %I TO %I', member, current_user);
EXCEPTION WHEN insufficient_privilege THEN
    IF NOT pg_catalog.pg_has_role(current_user, member, 'MEMBER') THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('The role %I may not switch to the role %I.', current_user, member),
            HINT = format('Let an administrator run: GRANT %I TO %I;', member, current_user);
    END IF;
END $$;
