"""Whom an activity reaches: the clients of its groups, and why a contact is left out."""

from dataclasses import dataclass, field

from django.db import connection

from clientgroups.models import Activity, Channel

# Where a channel finds a person, and the column that says whether they agree to it.
ADDRESSES = {
    Channel.EMAIL: "lower(c.email)",
    Channel.PHONE: "c.phone",
    Channel.CHAT: "c.phone",
    Channel.POST: "k.address",
}
# One mailbox gets one invitation, however many contacts share it; people may share a telephone.
SAME = {Channel.EMAIL: "lower(c.email)"}

# Every contact of the clients of these groups with the first reason to leave it out, or ''.
PEOPLE = """
members AS (
  SELECT DISTINCT m.client_id FROM clientgroups_membership m
   WHERE m.valid_to IS NULL AND m.client_group_id = ANY(%(groups)s)
), found AS (
  SELECT c.id, c.client_id, {same} AS mailbox, CASE
    WHEN EXISTS (SELECT 1 FROM clientgroups_activityinvitation i
                  WHERE i.activity_id = %(activity)s AND i.contact_id = c.id) THEN 'invited'
    WHEN NOT c.is_active THEN 'inactive'
    WHEN {address} = '' THEN 'no_address'
    WHEN NOT c.{channel}_consent THEN 'no_consent'
    WHEN %(only_agreed)s AND NOT {agreed} THEN 'no_record'
    ELSE '' END AS why, {agreed} AS agreed
  FROM members JOIN clientgroups_client k ON k.id = members.client_id AND k.archived_at IS NULL
  JOIN clientgroups_contact c ON c.client_id = k.id
), taken AS (
  SELECT DISTINCT {same} AS mailbox FROM clientgroups_activityinvitation i
    JOIN clientgroups_contact c ON c.id = i.contact_id WHERE i.activity_id = %(activity)s
), people AS (
  SELECT id, client_id, agreed, CASE
    WHEN why = '' AND (row_number() OVER (PARTITION BY mailbox, why ORDER BY id) > 1
                       OR mailbox IN (SELECT mailbox FROM taken)) THEN 'same_address'
    ELSE why END AS why
  FROM found
)"""
REASONS = ("invited", "no_consent", "no_record", "no_address", "inactive", "same_address")
# The last word on this channel is a yes that was written down; without a word people have only
# not objected.
AGREED = """COALESCE((SELECT h.granted FROM clientgroups_consentchange h
  WHERE h.contact_id = c.id AND h.channel = '{channel}'
  ORDER BY h.at DESC, h.id DESC LIMIT 1), false)"""
CLIENTS = """
SELECT count(*) FILTER (WHERE k.archived_at IS NULL),
       count(*) FILTER (WHERE k.archived_at IS NOT NULL),
       count(*) FILTER (WHERE k.archived_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM clientgroups_contact c WHERE c.client_id = k.id))
  FROM members JOIN clientgroups_client k ON k.id = members.client_id
"""
CONTACTS = """
SELECT count(DISTINCT client_id) FILTER (WHERE why = ''), count(*) FILTER (WHERE why = ''),
       count(*) FILTER (WHERE why = '' AND agreed), {}
  FROM people
""".format(", ".join(f"count(*) FILTER (WHERE why = '{reason}')" for reason in REASONS))


@dataclass(frozen=True)
class Audience:
    """How many clients and contacts would be asked now, and how many are left out and why.

    `agreed` counts contacts whose agreement is recorded, the others have not objected;
    `left_out` counts contacts by the reasons of `REASONS`.
    """

    clients: int
    clients_asked: int
    clients_put_away: int
    clients_without_contact: int
    contacts: int
    agreed: int
    only_agreed: bool
    left_out: dict[str, int] = field(default_factory=dict)


def people_sql(activity: Activity, only_agreed: bool | None = None) -> tuple[str, dict]:
    """The common table expressions above for one activity, and their values.

    Advertising reaches only people with a recorded agreement unless the planner says otherwise.
    """
    channel = Channel(activity.channel)
    text = PEOPLE.format(
        channel=channel.value,
        address=ADDRESSES[channel],
        same=SAME.get(channel, "c.id::text"),
        agreed=AGREED.format(channel=channel.value),
    )
    only_agreed = activity.is_advertising if only_agreed is None else only_agreed
    groups = [activity.client_group_id, *activity.audience.values_list("pk", flat=True)]
    return text, {"groups": groups, "activity": activity.pk, "only_agreed": only_agreed}


def audience_of(activity: Activity, only_agreed: bool | None = None) -> Audience:
    """Count the audience of an activity as it is today."""
    people, values = people_sql(activity, only_agreed)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {people} {CLIENTS}", values)
        clients, put_away, bare = cursor.fetchone()
        cursor.execute(f"WITH {people} {CONTACTS}", values)
        asked, contacts, agreed, *left_out = cursor.fetchone()
    return Audience(
        clients=clients,
        clients_asked=asked,
        clients_put_away=put_away,
        clients_without_contact=bare,
        contacts=contacts,
        agreed=agreed,
        only_agreed=values["only_agreed"],
        left_out={why: n for why, n in zip(REASONS, left_out, strict=True) if n},
    )
