-- Make a rule ($1) known, with the contact points that it names ($2); nothing is written where nothing changes.
INSERT INTO dashboard_alerts.rule (name, contacts) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET contacts = EXCLUDED.contacts
WHERE rule.contacts IS DISTINCT FROM EXCLUDED.contacts;
