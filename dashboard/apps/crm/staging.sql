-- Where the sample files are copied to before their times are known: one temporary table for each file.
-- Times (at, …after) are seconds: from Monday of this week, and after the row's own time.
CREATE TEMPORARY TABLE sample_members (id integer, handle text, name text, email text, upline integer) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_member_profiles (
    member_id integer, city text, country text, timezone text, open_goal numeric, activity_goal integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_email_templates (id integer, name text, subject text) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_contacts (
    id bigint, member_id integer, name text, email text, phone text, country text, source text,
    stage crm.stage, score smallint, at bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_member_activities (
    contact_id bigint, kind crm.activity_kind, at bigint, minutes smallint, detail text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_sent_emails (
    id bigint, contact_id bigint, template_id integer, at bigint, delivered_after integer, opened_after integer,
    replied_after integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE sample_email_clicks (email_id bigint, after integer, url text) ON COMMIT DROP;
