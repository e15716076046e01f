"""The statements of services.contact_batches that write, and those that take back."""

NEW_KEYS = [
    """
    UPDATE import_parties SET created = TRUE,
           client_id = nextval(pg_get_serial_sequence('clientgroups_client', 'id'))
     WHERE client_id IS NULL
    """,
    """
    UPDATE import_people q SET client_id = p.client_id FROM import_parties p
     WHERE p.ckey = q.ckey AND q.client_id IS NULL
    """,
    """
    UPDATE import_people SET created = TRUE,
           contact_id = nextval(pg_get_serial_sequence('clientgroups_contact', 'id'))
     WHERE contact_id IS NULL
    """,
]
INSERT_CLIENTS = """
INSERT INTO clientgroups_client
       (id, name, kind, external_id, owner_id, website, industry, address, city, region, country,
        note, custom, stage, stage_follows_today, stage_reason, purchase_count, import_batch,
        created_at)
SELECT client_id, wanted->>'name', kind, NULLIF(number, ''),
       COALESCE((wanted->>'owner')::bigint, %(actor)s), COALESCE(wanted->>'website', ''),
       COALESCE(wanted->>'industry', ''), COALESCE(wanted->>'address', ''),
       COALESCE(wanted->>'city', ''), COALESCE(wanted->>'region', ''),
       COALESCE(wanted->>'country', ''), COALESCE(wanted->>'note', ''), custom, 'potential', TRUE,
       '', 0, %(batch)s, now()
  FROM import_parties WHERE created ORDER BY line
ON CONFLICT DO NOTHING
"""
INSERT_CONTACTS = """
INSERT INTO clientgroups_contact
       (id, client_id, name, email, phone, language, job_title, time_zone, preferred_channel,
        email_consent, phone_consent, chat_consent, post_consent, external_id, is_active,
        import_batch, created_at)
SELECT contact_id, client_id, told->>'name', COALESCE(told->>'email', ''),
       COALESCE(told->>'phone', ''), COALESCE(told->>'language', told->>'language_guess', 'en'),
       COALESCE(told->>'job_title', ''), COALESCE(told->>'time_zone', ''),
       COALESCE(told->>'preferred_channel', ''),
       COALESCE((told->>'email_consent')::boolean,
                NOT COALESCE(told->'unsaid' ? 'email_consent', FALSE)),
       COALESCE((told->>'phone_consent')::boolean, FALSE),
       COALESCE((told->>'chat_consent')::boolean, FALSE),
       COALESCE((told->>'post_consent')::boolean, FALSE),
       COALESCE(told->>'number', ''), COALESCE((told->>'is_active')::boolean, TRUE),
       %(batch)s, now()
  FROM import_people WHERE created ORDER BY line
ON CONFLICT DO NOTHING
"""
UPDATE_CLIENTS = """
UPDATE clientgroups_client c
   SET name = COALESCE(p.after->>'name', c.name), kind = COALESCE(p.after->>'kind', c.kind),
       website = COALESCE(p.after->>'website', c.website),
       industry = COALESCE(p.after->>'industry', c.industry),
       address = COALESCE(p.after->>'address', c.address),
       city = COALESCE(p.after->>'city', c.city), region = COALESCE(p.after->>'region', c.region),
       country = COALESCE(p.after->>'country', c.country),
       note = COALESCE(p.after->>'note', c.note),
       owner_id = COALESCE((p.after->>'owner')::bigint, c.owner_id),
       custom = c.custom || COALESCE((
            SELECT jsonb_object_agg(substr(e.key, 8), e.value) FROM jsonb_each(p.after) e
             WHERE left(e.key, 7) = 'custom:'), '{}')
  FROM import_parties p
 WHERE p.client_id = c.id AND NOT p.created AND p.after - 'tags' <> '{}'
"""
UPDATE_CONTACTS = """
UPDATE clientgroups_contact t
   SET name = COALESCE(p.after->>'name', t.name), email = COALESCE(p.after->>'email', t.email),
       phone = COALESCE(p.after->>'phone', t.phone),
       language = COALESCE(p.after->>'language', t.language),
       job_title = COALESCE(p.after->>'job_title', t.job_title),
       time_zone = COALESCE(p.after->>'time_zone', t.time_zone),
       preferred_channel = COALESCE(p.after->>'preferred_channel', t.preferred_channel),
       external_id = COALESCE(p.after->>'number', t.external_id),
       is_active = COALESCE((p.after->>'is_active')::boolean, t.is_active),
       email_consent = COALESCE((p.after->>'email_consent')::boolean, t.email_consent),
       phone_consent = COALESCE((p.after->>'phone_consent')::boolean, t.phone_consent),
       chat_consent = COALESCE((p.after->>'chat_consent')::boolean, t.chat_consent),
       post_consent = COALESCE((p.after->>'post_consent')::boolean, t.post_consent)
  FROM import_people p
 WHERE p.contact_id = t.id AND NOT p.created AND p.after <> '{}'
"""
# Only what the file says in so many words: silence is no consent and no refusal.
CONSENTS = """
INSERT INTO clientgroups_consentchange (contact_id, channel, granted, source, actor_id, at)
SELECT p.contact_id, left(e.key, -8), e.value = 'true', %(source)s, %(actor)s, now()
  FROM import_people p, jsonb_each(CASE WHEN p.created THEN p.told ELSE p.after END) e
 WHERE right(e.key, 8) = '_consent'
"""
NEW_TAGS = """
INSERT INTO clientgroups_tag (name)
SELECT DISTINCT ON (lower(t.name)) t.name
  FROM import_parties p, unnest(p.tags) t(name)
 WHERE (p.created OR p.after ? 'tags')
   AND NOT EXISTS (SELECT 1 FROM clientgroups_tag g WHERE lower(g.name) = lower(t.name))
 ORDER BY lower(t.name), t.name
ON CONFLICT DO NOTHING RETURNING id
"""
TAG_CLIENTS = """
INSERT INTO clientgroups_client_tags (client_id, tag_id)
SELECT DISTINCT p.client_id, g.id
  FROM import_parties p, unnest(p.tags) t(name)
  JOIN clientgroups_tag g ON lower(g.name) = lower(t.name)
 WHERE p.created OR p.after ? 'tags'
ON CONFLICT DO NOTHING
"""
REMEMBER_CLIENTS = """
INSERT INTO clientgroups_importedrow (batch, client_id, contact_id, ref, created, before, after)
SELECT %(batch)s, client_id, NULL, link, created, before, after FROM import_parties
 WHERE created OR after <> '{}' OR link <> ''
"""
REMEMBER_CONTACTS = """
INSERT INTO clientgroups_importedrow (batch, client_id, contact_id, ref, created, before, after)
SELECT %(batch)s, client_id, contact_id, '', created, before, after FROM import_people
 WHERE created OR after <> '{}'
"""

# Taking back -------------------------------------------------------------------------------------

# Contacts of the batch to which nothing else was done in the meantime.
LEAVING_CONTACTS = """
CREATE TEMP TABLE leaving_contacts ON COMMIT DROP AS
SELECT t.id, t.client_id FROM clientgroups_contact t
  JOIN clientgroups_importedrow i ON i.contact_id = t.id AND i.batch = %(batch)s AND i.created
 WHERE {untouched}
"""
LEAVING_CLIENTS = """
CREATE TEMP TABLE leaving_clients ON COMMIT DROP AS
SELECT c.id FROM clientgroups_client c
  JOIN clientgroups_importedrow i ON i.client_id = c.id AND i.batch = %(batch)s AND i.created
   AND i.contact_id IS NULL
 WHERE {untouched}
"""
# Fields that still hold what the import wrote get back what they held before.
RESTORE_CLIENTS = """
WITH back AS (
    SELECT i.client_id AS id, jsonb_object_agg(e.key, i.before->e.key) AS was
      FROM clientgroups_importedrow i JOIN clientgroups_client c ON c.id = i.client_id,
           jsonb_each(i.after) e,
           LATERAL (SELECT CASE WHEN left(e.key, 7) = 'custom:' THEN c.custom->substr(e.key, 8)
                ELSE jsonb_build_object('name', c.name, 'kind', c.kind, 'website', c.website,
                    'industry', c.industry, 'address', c.address, 'city', c.city,
                    'region', c.region, 'country', c.country, 'note', c.note,
                    'owner', c.owner_id)->e.key END AS now) n
     WHERE i.batch = %(batch)s AND NOT i.created AND i.contact_id IS NULL AND e.key <> 'tags'
       AND n.now = e.value AND c.erased_at IS NULL
     GROUP BY i.client_id
)
UPDATE clientgroups_client c
   SET name = COALESCE(b.was->>'name', c.name), kind = COALESCE(b.was->>'kind', c.kind),
       website = COALESCE(b.was->>'website', c.website),
       industry = COALESCE(b.was->>'industry', c.industry),
       address = COALESCE(b.was->>'address', c.address),
       city = COALESCE(b.was->>'city', c.city), region = COALESCE(b.was->>'region', c.region),
       country = COALESCE(b.was->>'country', c.country), note = COALESCE(b.was->>'note', c.note),
       owner_id = COALESCE((b.was->>'owner')::bigint, c.owner_id),
       custom = (c.custom - ARRAY(
            SELECT substr(e.key, 8) FROM jsonb_each(b.was) e WHERE left(e.key, 7) = 'custom:'))
            || COALESCE((SELECT jsonb_object_agg(substr(e.key, 8), e.value)
                 FROM jsonb_each(b.was) e WHERE left(e.key, 7) = 'custom:' AND e.value <> 'null'),
                 '{}')
  FROM back b WHERE b.id = c.id
"""
RESTORE_CONTACTS = """
WITH back AS (
    SELECT i.contact_id AS id, jsonb_object_agg(e.key, i.before->e.key) AS was
      FROM clientgroups_importedrow i JOIN clientgroups_contact t ON t.id = i.contact_id
      JOIN clientgroups_client c ON c.id = t.client_id,
           jsonb_each(i.after) e,
           LATERAL (SELECT jsonb_build_object('name', t.name, 'email', t.email, 'phone', t.phone,
                  'language', t.language, 'job_title', t.job_title, 'time_zone', t.time_zone,
                  'preferred_channel', t.preferred_channel, 'is_active', t.is_active,
                  'number', t.external_id, 'email_consent', t.email_consent,
                  'phone_consent', t.phone_consent, 'chat_consent', t.chat_consent,
                  'post_consent', t.post_consent)->e.key AS now) n
     WHERE i.batch = %(batch)s AND NOT i.created AND n.now = e.value AND c.erased_at IS NULL
       AND NOT (e.key = 'email' AND i.before->>'email' <> '' AND EXISTS (
            SELECT 1 FROM clientgroups_contact o WHERE o.client_id = t.client_id AND o.id <> t.id
               AND lower(o.email) = lower(i.before->>'email')))
     GROUP BY i.contact_id
)
UPDATE clientgroups_contact t
   SET name = COALESCE(b.was->>'name', t.name), email = COALESCE(b.was->>'email', t.email),
       phone = COALESCE(b.was->>'phone', t.phone),
       language = COALESCE(b.was->>'language', t.language),
       job_title = COALESCE(b.was->>'job_title', t.job_title),
       time_zone = COALESCE(b.was->>'time_zone', t.time_zone),
       preferred_channel = COALESCE(b.was->>'preferred_channel', t.preferred_channel),
       external_id = COALESCE(b.was->>'number', t.external_id),
       is_active = COALESCE((b.was->>'is_active')::boolean, t.is_active),
       email_consent = COALESCE((b.was->>'email_consent')::boolean, t.email_consent),
       phone_consent = COALESCE((b.was->>'phone_consent')::boolean, t.phone_consent),
       chat_consent = COALESCE((b.was->>'chat_consent')::boolean, t.chat_consent),
       post_consent = COALESCE((b.was->>'post_consent')::boolean, t.post_consent)
  FROM back b WHERE b.id = t.id
"""
# What the import said about consent is no longer said by anybody.
FORGET_CONSENTS = """
DELETE FROM clientgroups_consentchange s USING clientgroups_importedrow i
 WHERE i.batch = %(batch)s AND i.contact_id = s.contact_id AND NOT i.created
   AND s.source = %(source)s AND i.after ? (s.channel || '_consent')
"""
UNTAG = """
DELETE FROM clientgroups_client_tags x
 USING clientgroups_importedrow i, clientgroups_tag g
 WHERE i.batch = %(batch)s AND i.client_id = x.client_id AND i.contact_id IS NULL
   AND NOT i.created AND g.id = x.tag_id
   AND lower(g.name) IN (SELECT lower(t.name) FROM jsonb_array_elements_text(
        COALESCE(i.after->'tags', '[]')) t(name))
"""
UNUSED_TAGS = """
DELETE FROM clientgroups_tag g WHERE g.id = ANY(%(tags)s)
   AND NOT EXISTS (SELECT 1 FROM clientgroups_client_tags x WHERE x.tag_id = g.id)
"""
STAYING = """
SELECT c.name, count(*) OVER () FROM clientgroups_importedrow i
  JOIN clientgroups_client c ON c.id = i.client_id
 WHERE i.batch = %(batch)s AND i.created AND i.contact_id IS NULL
 ORDER BY c.name, c.id LIMIT 20
"""
