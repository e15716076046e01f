import datetime as dt
import uuid

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from clientgroups.models import Client, LifecycleChange, LifecyclePolicy
from clientgroups.selectors.dates import months_before, today_here
from clientgroups.services.database import be_patient
from clientgroups.services.groups import mark_dynamic_groups_stale

# The stage that follows from the purchases up to a day: on how many days of the months that count
# there was one, when the last one was, and where the client stood before. The lines of one order
# share a day, so they are one purchase here: four products bought at once make nobody loyal.
STAGE = """CASE WHEN {last_on} IS NULL THEN 'potential'
                WHEN {last_on} <= %(lapsed_on)s THEN 'lapsed'
                WHEN {recent} >= %(loyal)s THEN 'loyal'
                WHEN {before} = 'loyal' AND {recent} >= %(stay_loyal)s THEN 'loyal'
                ELSE 'existing' END"""

# Hysteresis goes by the stage that was worked out last: one that was set by hand and has expired
# is no more than a word that held for a while.
STOOD = """CASE WHEN c.stage_fixed_until IS NULL THEN c.stage ELSE COALESCE(
                 (SELECT l.after FROM clientgroups_lifecyclechange l
                   WHERE l.client_id = c.id AND l.reason = '' ORDER BY l.id DESC LIMIT 1),
                 (SELECT l.before FROM clientgroups_lifecyclechange l
                   WHERE l.client_id = c.id ORDER BY l.id LIMIT 1), c.stage) END"""

BOUGHT = """
    SELECT p.client_id,
           count(DISTINCT p.bought_on) FILTER (WHERE p.bought_on > %(window_start)s) AS recent,
           max(p.bought_on) AS last_on
      FROM clientgroups_purchase p
      {scope}
     WHERE p.amount >= 0 AND p.bought_on <= %(as_of)s
     GROUP BY p.client_id
"""
# One statement: what each client bought, the stage that follows, the move and its log row. A stage
# fixed by hand is asked for again where the row is locked, in case it was fixed just now.
DERIVE = """
WITH bought AS ({bought}), derived AS (
    SELECT c.id, c.stage AS before, b.recent, b.last_on,
           {stage} AS after
      FROM clientgroups_client c
      {scope_of_clients}
      LEFT JOIN bought b ON b.client_id = c.id
     WHERE (c.stage_fixed_until IS NULL OR c.stage_fixed_until < %(as_of)s) {only}
), moved AS (
    UPDATE clientgroups_client c
       SET stage = d.after, stage_as_of = %(as_of)s, stage_fixed_until = NULL, stage_reason = ''
      FROM derived d
     WHERE c.id = d.id AND (c.stage_fixed_until IS NULL OR c.stage_fixed_until < %(as_of)s)
       AND (c.stage, {day} c.stage_fixed_until, c.stage_reason)
           IS DISTINCT FROM (d.after, {as_of} NULL::date, '')
    RETURNING c.id, d.before, d.after, d.recent, d.last_on
)
INSERT INTO clientgroups_lifecyclechange
       (client_id, before, after, as_of, reason, recent_purchases, last_purchase_on,
        actor_id, import_batch, at)
SELECT id, before, after, %(as_of)s, '', COALESCE(recent, 0), last_on,
       %(actor)s::bigint, %(batch)s::uuid, now()
  FROM moved WHERE before <> after
"""


def derive_lifecycle(
    *,
    as_of: dt.date,
    batch: uuid.UUID | None = None,
    actor: User | None = None,
    clients: list[int] | None = None,
) -> int:
    """Work out lifecycle stages from the purchases up to a day; return how many clients moved.

    Without `batch` or `clients`: of every client whose stage follows the calendar. Only those that
    move are written; that all the others hold on this day is one date in the policy, see
    `selectors.lifecycle.stage_day`. A history that was imported "as of" a past day keeps the stages
    of that day, because working it out for today would silently throw away the day somebody chose.
    `batch`: of the clients that an import created or gave purchases. Stages fixed by hand stay
    until they expire. Running twice for a day changes nothing more.
    """
    if batch is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE derive_scope ON COMMIT DROP AS"
                " SELECT id FROM clientgroups_client WHERE import_batch = %(batch)s UNION"
                " SELECT client_id FROM clientgroups_purchase WHERE import_batch = %(batch)s",
                {"batch": batch},
            )
            moved = derive_stages(as_of=as_of, scope="derive_scope", batch=batch, actor=actor)
            cursor.execute("DROP TABLE derive_scope")
            return moved
    if clients is not None:
        return derive_stages(as_of=as_of, actor=actor, only="c.id = ANY(%(ids)s)", ids=clients)
    return _derive_all(as_of, actor)


@transaction.atomic
def _derive_all(as_of: dt.date, actor: User | None) -> int:
    # A merged client keeps the stage it had, which an undo of the merge puts back into its place.
    only = "c.stage_follows_today AND c.merged_into_id IS NULL"
    moved = derive_stages(as_of=as_of, actor=actor, only=only, write_day=False)
    LifecyclePolicy.objects.filter(pk=1).exclude(derived_on=as_of).update(derived_on=as_of)
    return moved


def policy_on(as_of: dt.date) -> dict:
    """The policy as parameters of the statements, for one day."""
    policy, _created = LifecyclePolicy.objects.get_or_create(pk=1)
    window_start = months_before(as_of, policy.window_months)
    return {
        "as_of": as_of,
        "window_start": window_start,
        "lapsed_on": window_start - dt.timedelta(days=policy.grace_days),
        "loyal": policy.loyal_purchases,
        "stay_loyal": policy.stay_loyal_purchases,
    }


@transaction.atomic
def derive_stages(
    *,
    as_of: dt.date,
    scope: str = "",
    only: str = "TRUE",
    batch: uuid.UUID | None = None,
    actor: User | None = None,
    ids: list[int] | None = None,
    write_day: bool = True,
) -> int:
    """Run the statement over the clients in a table `scope(id)`, or those that `only` names.

    `write_day` also writes the day of those that stay where they are. Marks rule groups stale when
    somebody moved. For services; `scope` and `only` are SQL of ours.
    """
    be_patient()
    everybody = not (scope or ids)
    bought = BOUGHT.format(scope=f"JOIN {scope} s ON s.id = p.client_id" if scope else "")
    statement = DERIVE.format(
        bought="SELECT * FROM all_bought" if everybody else bought,
        scope_of_clients=f"JOIN {scope} s ON s.id = c.id" if scope else "",
        only=f"AND {only}",
        day="c.stage_as_of," if write_day else "",
        as_of="%(as_of)s," if write_day else "",
        stage=STAGE.format(last_on="b.last_on", recent="b.recent", before=STOOD),
    )
    names = policy_on(as_of)
    names |= {"actor": actor.pk if actor else None, "batch": batch, "ids": ids}
    with connection.cursor() as cursor:
        if everybody:
            # A table of its own, because only statements that read may use several processors.
            cursor.execute("SET LOCAL work_mem = '96MB'")
            cursor.execute("SET LOCAL jit = off")
            cursor.execute("DROP TABLE IF EXISTS all_bought")
            cursor.execute(f"CREATE TEMP TABLE all_bought ON COMMIT DROP AS {bought}", names)
            cursor.execute("ANALYZE all_bought")
        cursor.execute(statement, names)
        moved = cursor.rowcount
        cursor.execute("DROP TABLE IF EXISTS all_bought")
    if moved:
        mark_dynamic_groups_stale()
    return moved


STAGE_FIELDS = ["stage", "stage_as_of", "stage_fixed_until", "stage_reason"]


def _stage_values(client: Client) -> list:
    days = [client.stage_as_of, client.stage_fixed_until]
    return [client.stage, *(day.isoformat() if day else None for day in days), client.stage_reason]


@transaction.atomic
def fix_stage(
    *, client: Client, stage: str, reason: str, until: dt.date, actor: User
) -> AuditEvent | None:
    """Set a stage by hand until a day, with a reason; None when it says so already.

    The stage is not worked out again before the day after `until`. The audit row is what
    `undo_fix_stage` takes back.
    """
    client = Client.objects.select_for_update().get(pk=client.pk)
    reason, today = reason.strip(), today_here()
    if until < today:
        raise ValidationError({"until": _("Choose a day that has not passed.")})
    if not reason:
        raise ValidationError({"reason": _("Say why, so that others understand the stage.")})
    before = _stage_values(client)
    if (client.stage, client.stage_fixed_until, client.stage_reason) == (stage, until, reason):
        return None
    previous, client.stage = client.stage, stage
    client.stage_as_of, client.stage_fixed_until, client.stage_reason = today, until, reason
    client.full_clean(exclude=["owner", "external_id"])
    client.save(update_fields=STAGE_FIELDS)
    if previous != stage:
        LifecycleChange.objects.create(
            client=client, before=previous, after=stage, as_of=today, reason=reason, actor=actor
        )
    mark_dynamic_groups_stale()
    return record(
        actor=actor,
        verb="client.stage_fixed",
        target=client,
        **{
            name: [old, new]
            for name, old, new in zip(STAGE_FIELDS, before, _stage_values(client), strict=True)
        },
    )


@transaction.atomic
def undo_fix_stage(*, client: Client, event: AuditEvent, actor: User) -> Client:
    """Give a client back the stage it had before it was fixed by hand.

    Refused when the stage has changed since; undoing twice changes nothing.
    """
    client = Client.objects.select_for_update().get(pk=client.pk)
    before = [event.changes[name][0] for name in STAGE_FIELDS]
    now = _stage_values(client)
    if now == before:
        return client
    if now != [event.changes[name][1] for name in STAGE_FIELDS]:
        raise ValidationError(_("The stage has changed since, so it was left as it is."))
    client.stage, client.stage_reason = before[0], before[3]
    client.stage_as_of, client.stage_fixed_until = (
        dt.date.fromisoformat(day) if day else None for day in before[1:3]
    )
    client.save(update_fields=STAGE_FIELDS)
    if client.stage != now[0]:
        LifecycleChange.objects.create(
            client=client,
            before=now[0],
            after=client.stage,
            as_of=today_here(),
            reason=_("Setting by hand was undone."),
            actor=actor,
        )
    mark_dynamic_groups_stale()
    changes = {name: list(pair) for name, *pair in zip(STAGE_FIELDS, now, before, strict=True)}
    record(actor=actor, verb="client.stage_fix_undone", target=client, **changes)
    return client


@transaction.atomic
def follow_calendar(*, client: Client, actor: User) -> Client:
    """Work out the stage of an imported history for today, and from now on every night."""
    client = Client.objects.select_for_update().get(pk=client.pk)
    if client.stage_follows_today:
        return client
    client.stage_follows_today = True
    client.save(update_fields=["stage_follows_today"])
    derive_lifecycle(as_of=today_here(), actor=actor, clients=[client.pk])
    record(
        actor=actor, verb="client.stage_followed", target=client, stage_follows_today=[False, True]
    )
    client.refresh_from_db()
    return client
