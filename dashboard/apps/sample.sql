-- When a sample row happened: its seconds count from Monday of this week, so that nights and weekends fall where they
-- belong; what would lie in the future is left out by the app's fill.sql.
CREATE FUNCTION pg_temp.at(seconds bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT date_trunc('week', now()) + make_interval(secs => seconds)
$$;
