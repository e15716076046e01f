"""The statements of services.contact_batches: each works on a whole batch at once.

`import_lines` holds one row per line of the file, `import_parties` one per client that the lines
speak of, `import_people` one per contact.
"""

from clientgroups.services.heirs import HEIRS

DROP = "DROP TABLE IF EXISTS import_lines, import_parties, import_people"
LINES = """
CREATE TEMP TABLE import_lines ON COMMIT DROP AS
SELECT s.line, s.client_key AS link, d.c, d.p, d.p IS NOT NULL AS has_contact,
       (d.c->>'ref')::bigint AS ref, COALESCE(d.c->>'number', '') AS number,
       d.c->>'kind' AS kind, COALESCE((d.c->>'nameless')::boolean, FALSE) AS nameless,
       COALESCE(client_name_key(d.c->>'name'), '') AS name_key,
       (d.p->>'ref')::bigint AS contact_ref, COALESCE(d.p->>'number', '') AS uid,
       lower(COALESCE(d.p->>'email', '')) AS email,
       right(regexp_replace(COALESCE(d.p->>'phone', ''), '[^0-9]', '', 'g'), 9) AS phone,
       COALESCE(client_name_key(d.p->>'name'), '') AS person,
       ''::text AS ckey, NULL::bigint AS client_id, NULL::bigint AS contact_id,
       ''::text AS problem, ''::text AS remark
  FROM clientgroups_stagedcontact s,
       LATERAL (SELECT s.data->'client' AS c, s.data->'contact' AS p) d
 WHERE s.batch = %(batch)s
"""
# Of the columns that are joined by; the documents beside them are large.
LINE_STATISTICS = "ANALYZE import_lines (line, ref, number, link, kind, email, uid, name_key)"
STATISTICS = (
    "ANALYZE import_lines (line, ckey, client_id, contact_id, problem),"
    " import_parties (ckey, client_id), import_people (line, ckey, client_id, contact_id)"
)
KEYS = """
UPDATE import_lines SET ckey = CASE
    WHEN ref IS NOT NULL THEN 'r' || ref
    WHEN number <> '' THEN 'x' || number
    WHEN link <> '' THEN 'l' || link
    WHEN kind = 'organisation' THEN 'o' || name_key
    WHEN uid <> '' THEN 'pu' || uid
    WHEN email <> '' THEN 'pe' || email
    ELSE 'pn' || name_key || '|' || phone END
 WHERE problem = '' AND client_id IS NULL
"""
# An organisation that is named here with a number and there without one is the same.
JOIN_NAMED = """
UPDATE import_lines l SET ckey = g.ckey
  FROM (SELECT name_key, min(ckey) AS ckey FROM import_lines
         WHERE left(ckey, 1) IN ('r', 'x', 'l') AND kind = 'organisation' AND name_key <> ''
           AND NOT nameless
         GROUP BY name_key HAVING count(DISTINCT ckey) = 1) g
 WHERE l.ckey = 'o' || g.name_key
"""
# Known by a reference of ours or by the customer's number; a merged client leads on to the last
# one that it was merged into.
_FOUND = f"""
WITH RECURSIVE {HEIRS}
UPDATE import_lines l
   SET client_id = c.id,
       problem = CASE WHEN k.erased_at IS NOT NULL OR c.erased_at IS NOT NULL THEN 'erased'
                      WHEN c.id IN ({{editable}}) THEN ''
                      ELSE 'foreign' END
  FROM clientgroups_client k LEFT JOIN heirs ON heirs.first = k.id
  JOIN clientgroups_client c ON c.id = COALESCE(heirs.id, k.id)
 WHERE """  # noqa: S608
BY_REFERENCE = _FOUND + "k.id = l.ref"
BY_NUMBER = _FOUND + "k.external_id = l.number AND left(l.ckey, 1) = 'x' AND l.number <> ''"
NO_REFERENCE = """
UPDATE import_lines SET problem = 'gone'
 WHERE ref IS NOT NULL AND client_id IS NULL AND problem = ''
"""
BY_LINK = """
UPDATE import_lines l SET client_id = i.client_id
  FROM clientgroups_importedrow i JOIN clientgroups_client c ON c.id = i.client_id
 WHERE left(l.ckey, 1) = 'l' AND i.batch = %(link)s AND i.ref = substr(l.ckey, 2) AND i.ref <> ''
   AND i.contact_id IS NULL AND l.client_id IS NULL AND c.erased_at IS NULL
   AND i.client_id IN ({editable})
"""
# Who refers to a client that no file names stands alone.
UNLINKED = """
UPDATE import_lines l
   SET remark = 'unlinked', kind = 'person', link = '', number = '', name_key = person,
       c = (l.c - 'number') || jsonb_build_object('name', l.p->>'name', 'kind', 'person')
 WHERE left(l.ckey, 1) = 'l' AND l.client_id IS NULL AND l.person <> '' AND l.name_key = ''
   AND NOT EXISTS (SELECT 1 FROM import_lines o WHERE o.ckey = l.ckey AND o.name_key <> '')
"""
NAMELESS = """
UPDATE import_lines l SET problem = 'unlinked'
 WHERE l.client_id IS NULL AND l.problem = '' AND l.name_key = ''
   AND NOT EXISTS (SELECT 1 FROM import_lines o WHERE o.ckey = l.ckey AND o.name_key <> '')
"""
# Organisations by name; of several, the one that shares a contact, else the oldest.
BY_NAME = """
WITH asked AS (
    SELECT ckey, min(name_key) AS name_key, array_agg(DISTINCT email) AS emails,
           array_agg(DISTINCT uid) AS uids, array_agg(DISTINCT phone) AS phones
      FROM import_lines
     WHERE client_id IS NULL AND problem = '' AND left(ckey, 1) IN ('o', 'l') AND name_key <> ''
     GROUP BY ckey
), ranked AS (
    SELECT DISTINCT ON (a.ckey) a.ckey, c.id
      FROM asked a JOIN clientgroups_client c ON c.name_key = a.name_key
       AND c.kind = 'organisation' AND c.archived_at IS NULL
      LEFT JOIN LATERAL (
        SELECT 1 AS shared FROM clientgroups_contact t WHERE t.client_id = c.id
           AND ((t.email <> '' AND lower(t.email) = ANY(a.emails))
             OR (t.external_id <> '' AND t.external_id = ANY(a.uids))
             OR (t.phone_key <> '' AND t.phone_key = ANY(a.phones))) LIMIT 1
      ) s ON TRUE
     WHERE c.id IN ({editable})
     ORDER BY a.ckey, s.shared NULLS LAST, c.id
)
UPDATE import_lines l SET client_id = r.id FROM ranked r WHERE l.ckey = r.ckey
"""
# People by number, by e-mail, else by name and phone together.
BY_PERSON = """
WITH asked AS (
    SELECT ckey, line, uid, email, phone, name_key FROM import_lines
     WHERE client_id IS NULL AND problem = '' AND left(ckey, 1) = 'p'
), found AS (
    SELECT a.ckey, t.client_id AS id, 1 AS rank FROM asked a
      JOIN clientgroups_contact t ON t.external_id = a.uid AND a.uid <> ''
     UNION ALL
    SELECT a.ckey, t.client_id, 2 FROM asked a
      JOIN clientgroups_contact t ON lower(t.email) = a.email AND t.email <> ''
     UNION ALL
    SELECT a.ckey, c.id, 3 FROM asked a
      JOIN clientgroups_client c ON c.name_key = a.name_key
      LEFT JOIN clientgroups_contact t ON t.client_id = c.id
     WHERE COALESCE(t.phone_key, '') = a.phone
       AND CASE WHEN a.phone <> '' THEN a.email = '' OR t.email = ''
                ELSE a.email = '' AND COALESCE(t.email, '') = '' END
), ranked AS (
    SELECT DISTINCT ON (f.ckey) f.ckey, f.id FROM found f
      JOIN clientgroups_client c ON c.id = f.id AND c.kind = 'person' AND c.archived_at IS NULL
     WHERE f.id IN ({editable})
     ORDER BY f.ckey, f.rank, f.id
)
UPDATE import_lines l SET client_id = r.id FROM ranked r WHERE l.ckey = r.ckey
"""
ONE_KEY = """
UPDATE import_lines SET ckey = 'r' || client_id
 WHERE client_id IS NOT NULL AND problem = '' AND ckey <> 'r' || client_id
"""
LOCK_CLIENTS = """
SELECT id FROM clientgroups_client WHERE id IN (
    SELECT client_id FROM import_lines WHERE problem = ''
) ORDER BY id FOR UPDATE
"""
CONTACTS = """
WITH found AS (
    SELECT DISTINCT ON (l.line) l.line, t.id
      FROM import_lines l
      JOIN clientgroups_contact t ON t.client_id = l.client_id
      CROSS JOIN LATERAL (SELECT CASE
        WHEN t.id = l.contact_ref THEN 0
        WHEN l.uid <> '' AND t.external_id = l.uid THEN 1
        WHEN l.email <> '' AND lower(t.email) = l.email THEN 2
        WHEN l.person <> '' AND client_name_key(t.name) = l.person
             AND (l.email = '' OR t.email = '' OR (l.phone <> '' AND t.phone_key = l.phone))
        THEN CASE WHEN t.phone_key = l.phone THEN 3 ELSE 4 END END AS rank) r
     WHERE l.has_contact AND l.problem = '' AND r.rank IS NOT NULL
     ORDER BY l.line, r.rank, t.id
)
UPDATE import_lines l SET contact_id = f.id FROM found f WHERE l.line = f.line
"""
# The same contact further down in the file, whatever shows that it is the same.
REPEATED = """
UPDATE import_lines l SET problem = 'repeated'
  FROM (SELECT line, row_number() OVER (PARTITION BY ckey, {what} ORDER BY line) AS place
          FROM import_lines WHERE problem = '' AND {where}) r
 WHERE l.line = r.line AND r.place > 1
"""
REPEATS = [
    ("contact_id", "contact_id IS NOT NULL"),
    ("uid", "uid <> '' AND has_contact"),
    ("email", "email <> '' AND has_contact"),
    ("person, phone", "has_contact AND contact_id IS NULL AND uid = '' AND email = ''"),
    ("NOT has_contact", "NOT has_contact"),
]
TAKEN = """
UPDATE import_lines l SET problem = 'taken'
 WHERE l.problem = '' AND l.client_id IS NOT NULL AND l.has_contact
   AND EXISTS (SELECT 1 FROM clientgroups_contact t
        WHERE t.client_id = l.client_id AND t.id IS DISTINCT FROM l.contact_id
          AND ((l.email <> '' AND lower(t.email) = l.email)
            OR (l.uid <> '' AND t.external_id = l.uid)))
"""
# What all lines say about one client: of each field the first value, notes and tags together.
PARTIES = """
CREATE TEMP TABLE import_parties ON COMMIT DROP AS
WITH good AS (SELECT * FROM import_lines WHERE problem = ''),
told AS (
    SELECT g.ckey, jsonb_object_agg(e.key, e.value ORDER BY g.nameless DESC, g.line DESC) AS fields
      FROM good g, jsonb_each(g.c) e
     WHERE e.key IN ('name', 'website', 'industry', 'address', 'city', 'region', 'country',
                     'owner')
        OR (e.key = 'kind' AND g.c ? 'told_kind')
     GROUP BY g.ckey
), notes AS (
    SELECT ckey, left(string_agg(note, E'\\n\\n' ORDER BY line), 4000) AS note
      FROM (SELECT ckey, c->>'note' AS note, min(line) AS line FROM good
             WHERE c ? 'note' GROUP BY 1, 2) n
     GROUP BY ckey
), customs AS (
    SELECT g.ckey, jsonb_object_agg(e.key, e.value ORDER BY g.line DESC) AS custom
      FROM good g, jsonb_each(g.c->'custom') e GROUP BY g.ckey
), tags AS (
    SELECT g.ckey, array_agg(DISTINCT t.name) AS tags
      FROM good g, jsonb_array_elements_text(g.c->'tags') t(name) GROUP BY g.ckey
)
SELECT g.ckey, max(g.client_id) AS client_id, FALSE AS created, min(g.line) AS line,
       max(g.link) AS link, max(g.number) AS number, (array_agg(g.kind ORDER BY g.line))[1] AS kind,
       max(g.name_key) AS name_key, bool_and(g.nameless) AS nameless,
       COALESCE(max(t.fields::text)::jsonb, '{{}}'::jsonb)
           || CASE WHEN max(n.note) IS NULL THEN '{{}}'::jsonb
              ELSE jsonb_build_object('note', max(n.note)) END AS wanted,
       COALESCE(max(k.custom::text)::jsonb, '{{}}'::jsonb) AS custom,
       COALESCE(max(x.tags), '{{}}'::text[]) AS tags,
       '{{}}'::jsonb AS before, '{{}}'::jsonb AS after
  FROM good g
  LEFT JOIN told t USING (ckey) LEFT JOIN notes n USING (ckey)
  LEFT JOIN customs k USING (ckey) LEFT JOIN tags x USING (ckey)
 GROUP BY g.ckey
"""
# {{field: value}} of what differs from the row; `fill` leaves what is filled as it is.
CLIENT_CHANGES = """
UPDATE import_parties p SET before = d.before, after = d.after
  FROM import_parties q JOIN clientgroups_client c ON c.id = q.client_id, LATERAL (
    SELECT COALESCE(jsonb_object_agg(e.key, e.was), '{{}}') AS before,
           COALESCE(jsonb_object_agg(e.key, e.value), '{{}}') AS after
      FROM (
        SELECT w.key, w.value, n.now->w.key AS was
          FROM (SELECT jsonb_build_object('name', c.name, 'kind', c.kind, 'website', c.website,
                  'industry', c.industry, 'address', c.address, 'city', c.city,
                  'region', c.region, 'country', c.country, 'note', c.note,
                  'owner', c.owner_id) AS now) n,
               jsonb_each(q.wanted) w
         WHERE n.now->w.key IS DISTINCT FROM w.value AND NOT (q.nameless AND w.key = 'name')
         UNION ALL
        SELECT 'custom:' || w.key, w.value, c.custom->w.key FROM jsonb_each(q.custom) w
         WHERE c.custom->w.key IS DISTINCT FROM w.value
         UNION ALL
        SELECT 'tags', to_jsonb(array_agg(t.name)), NULL FROM unnest(q.tags) t(name)
         WHERE NOT EXISTS (
            SELECT 1 FROM clientgroups_client_tags x JOIN clientgroups_tag g ON g.id = x.tag_id
             WHERE x.client_id = c.id AND lower(g.name) = lower(t.name))
        HAVING count(*) > 0
      ) e
     WHERE {known}
  ) d
 WHERE p.ckey = q.ckey
"""
PEOPLE = """
CREATE TEMP TABLE import_people ON COMMIT DROP AS
SELECT l.line, l.ckey, l.client_id, l.contact_id, FALSE AS created, l.p AS told, l.phone,
       '{{}}'::jsonb AS before, '{{}}'::jsonb AS after
  FROM import_lines l WHERE l.has_contact AND l.problem = ''
"""
# A number that differs only in the way it is written stays; a consent that was taken back here is
# not given again by a file.
CONTACT_CHANGES = """
UPDATE import_people p SET before = d.before, after = d.after
  FROM import_people q JOIN clientgroups_contact t ON t.id = q.contact_id, LATERAL (
    SELECT COALESCE(jsonb_object_agg(e.key, e.was), '{{}}') AS before,
           COALESCE(jsonb_object_agg(e.key, e.value), '{{}}') AS after
      FROM (
        SELECT w.key, w.value, n.now->w.key AS was
          FROM (SELECT jsonb_build_object('name', t.name, 'email', t.email, 'phone', t.phone,
                  'language', t.language, 'job_title', t.job_title, 'time_zone', t.time_zone,
                  'preferred_channel', t.preferred_channel, 'is_active', t.is_active,
                  'number', t.external_id, 'email_consent', t.email_consent,
                  'phone_consent', t.phone_consent, 'chat_consent', t.chat_consent,
                  'post_consent', t.post_consent) AS now) n,
               jsonb_each(q.told) w
         WHERE n.now ? w.key AND n.now->w.key IS DISTINCT FROM w.value
           AND NOT (w.key = 'phone' AND t.phone_key <> '' AND t.phone_key = q.phone)
           AND NOT (w.key = 'number' AND t.external_id <> '')
           AND NOT (w.key = 'email' AND lower(t.email) = lower(w.value #>> '{{}}'))
           AND NOT (right(w.key, 8) = '_consent' AND w.value = 'true' AND (
                SELECT NOT s.granted FROM clientgroups_consentchange s
                 WHERE s.contact_id = t.id AND s.channel || '_consent' = w.key
                 ORDER BY s.at DESC, s.id DESC LIMIT 1) IS TRUE)
      ) e
     WHERE {known}
  ) d
 WHERE p.line = q.line
"""
KNOWN = {
    "update": "TRUE",
    "fill": (
        "e.key = 'tags' OR e.was IS NULL OR e.was IN ('\"\"', 'null')"
        " OR (right(e.key, 8) = '_consent' AND e.value = 'false')"
    ),
    # What somebody objects to counts whatever else is left alone.
    "leave": "right(e.key, 8) = '_consent' AND e.value = 'false'",
}
COUNTS = """
SELECT (SELECT count(*) FROM import_parties WHERE client_id IS NULL),
       (SELECT count(*) FROM import_parties WHERE client_id IS NOT NULL AND after <> '{}'),
       (SELECT count(*) FROM import_parties WHERE client_id IS NOT NULL AND after = '{}'),
       (SELECT count(*) FROM import_people WHERE contact_id IS NULL),
       (SELECT count(*) FROM import_people WHERE contact_id IS NOT NULL AND after <> '{}'),
       (SELECT count(*) FROM import_people WHERE contact_id IS NOT NULL AND after = '{}')
"""
PROBLEMS = """
SELECT problem, line, count(*) OVER (PARTITION BY problem) AS number FROM (
    SELECT problem, line, row_number() OVER (PARTITION BY problem ORDER BY line) AS place
      FROM (SELECT problem, line FROM import_lines WHERE problem <> ''
             UNION ALL SELECT 'note:' || remark, line FROM import_lines
             WHERE remark <> '' AND problem = '') a
) b WHERE place <= 300 ORDER BY problem, line
"""
PROBLEM_COUNTS = """
SELECT problem, count(*) FROM (
    SELECT problem FROM import_lines WHERE problem <> ''
     UNION ALL SELECT 'note:' || remark FROM import_lines WHERE remark <> '' AND problem = ''
) a GROUP BY problem
"""
# New clients that may be known already, among those the person sees; nothing is merged.
ALIKE = """
WITH fresh AS (
    SELECT p.ckey, p.line, p.wanted->>'name' AS name, p.name_key FROM import_parties p
     WHERE p.client_id IS NULL
), pairs AS (
    SELECT f.ckey, c.id, 'name' AS why FROM fresh f
      JOIN clientgroups_client c ON c.name_key = f.name_key
     UNION
    SELECT f.ckey, t.client_id, 'email' FROM fresh f
      JOIN import_lines l ON l.ckey = f.ckey AND l.problem = '' AND l.email <> ''
      JOIN clientgroups_contact t ON lower(t.email) = l.email AND t.email <> ''
     UNION
    SELECT f.ckey, t.client_id, 'phone' FROM fresh f
      JOIN import_lines l ON l.ckey = f.ckey AND l.problem = '' AND length(l.phone) >= 7
      JOIN clientgroups_contact t ON t.phone_key = l.phone AND t.phone_key <> ''
)
SELECT f.line, f.name, c.id, c.name, array_agg(DISTINCT q.why ORDER BY q.why),
       count(*) OVER () AS number
  FROM pairs q JOIN fresh f USING (ckey) JOIN clientgroups_client c ON c.id = q.id
 WHERE c.archived_at IS NULL AND c.id IN ({visible})
 GROUP BY f.line, f.name, c.id, c.name ORDER BY f.line, c.id LIMIT %(most)s
"""
