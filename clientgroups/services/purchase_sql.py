"""The statements of services.purchases: each works on a whole batch at once."""

from clientgroups.services.heirs import HEIRS

# One row per customer number of the batch; the number of a merged client leads on to the one that
# was kept, so two numbers may mean the same client. A number that belongs to a client whom the
# person may not change is foreign: its lines are left out, and nothing about the client is told.
SCOPE = f"""
CREATE TEMP TABLE batch_clients ON COMMIT DROP AS
WITH RECURSIVE {HEIRS}
SELECT s.client_external_id AS number, c.id,
       c.id IS NOT NULL AND NOT COALESCE(c.import_batch = %s, FALSE)
         AND NOT EXISTS (SELECT 1 FROM ({{editable}}) mine WHERE mine.id = c.id) AS is_foreign
  FROM (SELECT DISTINCT client_external_id FROM clientgroups_stagedpurchase WHERE batch = %s) s
  LEFT JOIN clientgroups_client k ON k.external_id = s.client_external_id
  LEFT JOIN heirs ON heirs.first = k.id
  LEFT JOIN clientgroups_client c ON c.id = COALESCE(heirs.id, k.id)
"""  # noqa: S608
# A number of a purchase counts once per client, however often the file repeats it.
COUNTS = """
SELECT (SELECT count(*) FROM batch_clients WHERE id IS NULL),
       (SELECT count(DISTINCT id) FROM batch_clients WHERE NOT is_foreign),
       count(*) FILTER (WHERE once AND p.id IS NULL),
       count(*) FILTER (WHERE once AND p.id IS NOT NULL),
       count(*) FILTER (WHERE NOT once),
       min(bought_on) FILTER (WHERE p.id IS NULL), max(bought_on) FILTER (WHERE p.id IS NULL)
  FROM (
    SELECT s.bought_on, s.external_id, b.id AS client_id, row_number() OVER (
             PARTITION BY b.id, CASE WHEN b.id IS NULL THEN b.number END, s.external_id
             ORDER BY s.line) = 1 AS once
      FROM clientgroups_stagedpurchase s
      JOIN batch_clients b ON b.number = s.client_external_id AND NOT b.is_foreign
     WHERE s.batch = %s
  ) lines
  LEFT JOIN LATERAL (
    SELECT p.id, lines.bought_on AS day FROM clientgroups_purchase p
     WHERE p.client_id = lines.client_id AND p.external_id = lines.external_id
  ) p ON TRUE
"""
TOTALS = """
SELECT s.currency, sum(s.amount)
  FROM clientgroups_stagedpurchase s
  JOIN batch_clients b ON b.number = s.client_external_id AND NOT b.is_foreign
 WHERE s.batch = %s GROUP BY s.currency ORDER BY s.currency
"""
FOREIGN = """
SELECT s.line, count(*) OVER () FROM clientgroups_stagedpurchase s
  JOIN batch_clients b ON b.number = s.client_external_id AND b.is_foreign
 WHERE s.batch = %s ORDER BY s.line LIMIT %s
"""
# New clients are written once, with their figures and their stage: an update afterwards would write
# every row and all of its index entries a second time.
NEW_CLIENTS = """
WITH lines AS (
    SELECT DISTINCT ON (s.client_external_id, s.external_id)
           s.client_external_id AS number, s.client_name, s.line, s.bought_on,
           s.amount >= 0 AS counts, s.amount >= 0 AND s.bought_on <= %(as_of)s AS is_past
      FROM clientgroups_stagedpurchase s
      JOIN batch_clients b ON b.number = s.client_external_id AND b.id IS NULL
     WHERE s.batch = %(batch)s
     ORDER BY s.client_external_id, s.external_id, s.line
), figures AS (
    SELECT number,
           (array_agg(client_name ORDER BY line) FILTER (WHERE client_name <> ''))[1] AS name,
           count(*) FILTER (WHERE counts) AS bought,
           min(bought_on) FILTER (WHERE counts) AS first_on,
           max(bought_on) FILTER (WHERE counts) AS last_on,
           count(DISTINCT bought_on) FILTER (
             WHERE is_past AND bought_on > %(window_start)s) AS recent,
           max(bought_on) FILTER (WHERE is_past) AS last_past_on
      FROM lines GROUP BY number
), created AS (
    INSERT INTO clientgroups_client
           (name, kind, external_id, owner_id, stage, stage_as_of, stage_follows_today,
            stage_reason, purchase_count, first_purchase_on, last_purchase_on, import_batch,
            created_at)
    SELECT COALESCE(name, number), 'organisation', number, %(actor)s, {stage}, %(as_of)s,
           %(follows)s, '', bought, first_on, last_on, %(batch)s, now()
      FROM figures ORDER BY number
    ON CONFLICT (external_id) DO NOTHING
    RETURNING id, external_id, stage
), moved AS (
    INSERT INTO clientgroups_lifecyclechange
           (client_id, before, after, as_of, reason, recent_purchases, last_purchase_on,
            actor_id, import_batch, at)
    SELECT c.id, 'potential', c.stage, %(as_of)s, '', f.recent, f.last_past_on, %(actor)s,
           %(batch)s, now()
      FROM created c JOIN figures f ON f.number = c.external_id
     WHERE c.stage <> 'potential'
    RETURNING id
)
SELECT (SELECT count(*) FROM created), (SELECT count(*) FROM moved)
"""
CREATED = """
CREATE TEMP TABLE created ON COMMIT DROP AS
SELECT c.id FROM clientgroups_client c JOIN batch_clients b ON b.number = c.external_id
 WHERE b.id IS NULL AND c.import_batch = %s
"""
NEW_PURCHASES = """
INSERT INTO clientgroups_purchase
       (client_id, bought_on, amount, currency, quantity, product, external_id, import_batch)
SELECT b.id, s.bought_on, s.amount, s.currency, s.quantity, s.product, s.external_id, s.batch
  FROM clientgroups_stagedpurchase s
  JOIN batch_clients b ON b.number = s.client_external_id AND NOT b.is_foreign
 WHERE s.batch = %s
 ORDER BY b.id, s.line
ON CONFLICT (client_id, external_id) DO NOTHING
"""
FIGURES = """
UPDATE clientgroups_client c
   SET purchase_count = f.number, first_purchase_on = f.first_on, last_purchase_on = f.last_on
  FROM (
    SELECT t.id, count(p.id) AS number, min(p.bought_on) AS first_on, max(p.bought_on) AS last_on
      FROM {touched} t
      LEFT JOIN clientgroups_purchase p ON p.client_id = t.id AND p.amount >= 0
     GROUP BY t.id
  ) f
 WHERE c.id = f.id
   AND (c.purchase_count, c.first_purchase_on, c.last_purchase_on)
       IS DISTINCT FROM (f.number::int, f.first_on, f.last_on)
"""
# The chosen day also holds for known clients that had no purchases, or whose history stands at a
# past day already. Everybody else lives in the present and stays there.
KNOWN = """
CREATE TEMP TABLE {table} ON COMMIT DROP AS
SELECT DISTINCT c.id
  FROM clientgroups_client c JOIN batch_clients b ON b.id = c.id AND NOT b.is_foreign
 WHERE (c.import_batch IS NOT DISTINCT FROM %s OR c.purchase_count = 0
        OR NOT c.stage_follows_today) = {found}
   AND NOT EXISTS (SELECT 1 FROM created n WHERE n.id = c.id)
"""
# A stage the batch moved goes back to where it was before it is worked out again, because who is
# loyal stays so more easily. Who has no purchases left was never derived.
STAGE_BEFORE = """
UPDATE clientgroups_client c SET stage = m.before
  FROM (SELECT DISTINCT ON (client_id) client_id, before FROM clientgroups_lifecyclechange
         WHERE import_batch = %(batch)s ORDER BY client_id, id) m
 WHERE c.id = m.client_id AND (c.stage_fixed_until IS NULL OR c.stage_fixed_until < %(today)s)
"""
NEVER_DERIVED = """
UPDATE clientgroups_client c
   SET stage = 'potential', stage_as_of = NULL, stage_follows_today = TRUE
  FROM undone u
 WHERE c.id = u.id AND c.purchase_count = 0
   AND (c.stage_fixed_until IS NULL OR c.stage_fixed_until < %(today)s)
"""
