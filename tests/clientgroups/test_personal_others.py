"""Erasing or exporting one client leaves what belongs to others alone."""

import datetime as dt
import json
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.audit import record
from accounts.models import AuditEvent
from clientgroups.models import ServiceRequest
from clientgroups.selectors.personal import is_telling_name, words_of
from clientgroups.services.merges import merge_clients
from clientgroups.services.personal import erase_client, export_client
from clientgroups.services.personal_scrub import scrubber
from clientgroups.services.touches import delete_touch, purge_deleted_touches
from imports.models import ImportRun
from notifications.models import Message
from projects.models import ChecklistItem, Comment
from projects.services.personal import tasks_of
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ContactFactory
from tests.factories.goals import GoalFactory
from tests.factories.profile import Stage, chance, rich_client
from tests.factories.projects import TaskFactory
from tests.factories.touches import InteractionFactory

pytestmark = pytest.mark.django_db


def erase(client):
    return erase_client(client=client, actor=client.owner, confirm=client.name)


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("Budget", False),
        ("Budget 2026", False),
        ("A B", False),
        ("Mia Berg", True),
        ("Jörg Maß", True),
        ("王", False),
        ("王伟", True),
        ("2026", False),
        ("", False),
    ],
)
def test_a_whole_name_is_telling_a_single_word_is_not(name, telling):
    assert is_telling_name(name) is telling


def test_numbers_websites_and_addresses_are_not_taken_out_of_texts_of_others():
    client = ClientFactory(
        name="Plan", external_id="2026", address="Budget", website="hall.example", note="hall"
    )
    ContactFactory(client=client, name="Open", external_id="March", email="", phone="03-01")
    task = TaskFactory(title="Budget 2026 for the hall", description="2026-03-01 hall.example")
    now = timezone.now()
    comment = Comment.objects.create(
        task=task, author=client.owner, author_name="A", body="Plan Budget March", created_at=now
    )
    mail = Message.objects.create(
        address=client.owner.email, recipient=client.owner, kind="x", subject="Budget 2026",
        body="Open the Plan", dedupe_key="1",
    )  # fmt: skip
    run = ImportRun.objects.create(
        kind="clients", created_by=client.owner, file_name="Budget.csv", file_size=1, sha256="",
        shape={"sample": [["2026", "Plan"]]},
    )  # fmt: skip
    event = record(
        actor=client.owner, verb="task.updated", target=task, due_on=["2026-03-01", "2026-04-01"]
    )

    erase(client)

    for row in (task, comment, mail, run, event):
        row.refresh_from_db()
    assert (task.title, task.description) == (
        "Budget 2026 for the hall",
        "2026-03-01 hall.example",
    )
    assert comment.body == "Plan Budget March"
    assert (mail.subject, mail.body) == ("Budget 2026", "Open the Plan")
    assert (run.file_name, run.shape) == ("Budget.csv", {"sample": [["2026", "Plan"]]})
    assert event.target_label == "Budget 2026 for the hall"
    assert event.changes == {"due_on": ["2026-03-01", "2026-04-01"]}


def test_days_and_amounts_in_the_trail_stay_even_where_a_phone_number_looks_like_one():
    client = ContactFactory(phone="2026-03-01", client__name="Plan").client
    assert "2026-03-01" in words_of(client)
    task = TaskFactory()
    event = record(
        actor=client.owner,
        verb="task.updated",
        target=task,
        due_on=[None, "2026-03-01"],
        title=["", "Call 2026-03-01"],
    )

    erase(client)

    event.refresh_from_db()
    assert event.changes == {"due_on": [None, "2026-03-01"], "title": ["", "Call •••"]}


def test_a_phone_number_is_found_where_figures_are_not_kept():
    assert scrubber(["13800138000"])("13800138000") == "•••"


# One person at two clients -----------------------------------------------------------------------


def asked(client, contact, kind="request.received"):
    """A request with a mail about it to the contact."""
    request = ServiceRequest.objects.create(
        client=client, contact=contact, type=Stage().type, subject="Broken", token=str(client.pk),
        opened_at=timezone.now(),
    )  # fmt: skip
    return Message.objects.create(
        address=contact.email, kind=kind, subject=f"About {client.name}", body=client.name,
        dedupe_key=f"{kind}:{request.pk}", url=reverse("clientgroups:request_public", args=["t"]),
    )  # fmt: skip


@pytest.fixture
def erika():
    """A person who stands at two clients, with a waiting mail about each."""
    people = [
        ContactFactory(client__name=name, name="Erika Musterfrau", email=mail, phone="")
        for name, mail in (("Alpha works", "Erika@x.example"), ("Beta works", "erika@x.example"))
    ]
    return people, [asked(person.client, person) for person in people]


def test_export_of_one_client_holds_no_mail_of_another(erika):
    people, mails = erika
    with export_client(client=people[0].client, actor=people[0].client.owner) as file:
        archive = zipfile.ZipFile(file)
        (name,) = [name for name in archive.namelist() if name.endswith(".json")]
        held = json.loads(archive.read(name))
    assert [row["id"] for row in held["data"]["mails"]] == [mails[0].pk]
    assert "Beta" not in json.dumps(held)


def test_erasing_one_client_leaves_mails_and_trail_of_another(erika):
    people, mails = erika
    event = record(
        actor=None, verb="contact.created", target=people[1], email=["", "erika@x.example"]
    )

    erase(people[0].client)

    for mail in mails:
        mail.refresh_from_db()
    assert (mails[0].state, mails[0].body) == ("parked", "")
    assert (mails[1].state, mails[1].body) == ("waiting", "Beta works")
    assert mails[1].address == "erika@x.example"
    event = AuditEvent.objects.get(pk=event.pk)
    assert event.target_label == str(people[1])
    assert event.changes == {"email": ["", "erika@x.example"]}


def test_mails_by_address_alone_belong_to_a_client_whose_address_it_is(erika):
    people, _mails = erika
    only = ContactFactory(client=people[0].client, email="Only@x.example")
    fields = {"kind": "x", "subject": "s", "body": "b"}
    mine = Message.objects.create(address="only@x.example", dedupe_key="k", **fields)
    shared = Message.objects.create(address="erika@x.example", dedupe_key="k", **fields)

    erase(only.client)

    mine.refresh_from_db()
    shared.refresh_from_db()
    assert (mine.state, shared.state) == ("parked", "waiting")


def test_a_person_at_two_merged_clients_is_erased_with_both(erika):
    people, mails = erika
    kept, gone = (person.client for person in people)
    merge_clients(kept=kept, gone=gone, actor=kept.owner)

    erase(kept)

    assert set(Message.objects.values_list("state", flat=True)) == {"parked"}


def test_mails_of_surveys_and_activities_are_known_by_their_invitations():
    stage = Stage()
    client = rich_client(stage, chance(5))
    asking = client.contacts.first().invitations.first()
    seat = client.activity_invitations.first()
    keys = [f"survey.invitation:{asking.pk}", f"activity.seat:{seat.pk}:1700000000"]
    for key in keys:
        Message.objects.create(
            address="old@x.example", kind="x", subject="s", body="b", dedupe_key=key
        )

    erase(client)

    assert set(Message.objects.values_list("state", "body")) == {("parked", "")}


# Words left behind --------------------------------------------------------------------------------


def test_notices_to_people_lose_what_the_client_wrote():
    stage = Stage()
    client = rich_client(stage, chance(6))
    request = client.requests.get()
    fields = {"recipient": stage.user, "address": stage.user.email, "body": "My secret"}
    pages = [request.get_absolute_url(), client.get_absolute_url(), "/clients/"]
    rows = [
        Message.objects.create(
            kind="request.client_wrote", subject="My secret", url=page, dedupe_key=page,
            html="My secret", **fields,
        )
        for page in pages
    ]  # fmt: skip

    erase(client)

    found = [Message.objects.get(pk=row.pk) for row in rows]
    assert [(row.subject, row.body, row.html, row.state) for row in found] == [
        *[("–", "", "", "parked")] * 2,
        ("My secret", "My secret", "My secret", "waiting"),
    ]


def test_trail_and_notices_of_a_task_made_of_a_request_lose_its_words():
    client = rich_client(Stage(), chance(7))
    task = tasks_of(client).get()
    event = record(
        actor=client.owner, verb="task.updated", target=task, title=["My secret", "My other"],
        due_on=["2026-03-01", "2026-04-01"],
    )  # fmt: skip
    notice = Message.objects.create(
        recipient=client.owner, address=client.owner.email, kind="task.assigned",
        subject="My secret", body="My secret", url=task.get_absolute_url(), dedupe_key="t",
    )  # fmt: skip

    erase(client)

    event.refresh_from_db()
    notice.refresh_from_db()
    assert event.target_label == f"#{client.requests.get().pk}"
    assert event.changes == {"due_on": ["2026-03-01", "2026-04-01"]}
    assert (notice.subject, notice.body) == ("–", "")


def test_a_name_goes_from_notes_about_others():
    client = ClientFactory(name="Lark field")
    other = ClientFactory(note="Asked by Lark field")
    touch = InteractionFactory(client=other, summary="Like lark field", text="Not Larkfield")
    step = ChecklistItem.objects.create(task=TaskFactory(), text="Call Lark field")
    goal = GoalFactory(statement="Win Lark field back")

    counts = erase(client)

    for row in (other, touch, step, goal):
        row.refresh_from_db()
    assert other.note == "Asked by •••"
    assert (touch.summary, touch.text) == ("Like •••", "Not Larkfield")
    assert step.text == "Call •••"
    assert goal.statement == "Win ••• back"
    assert counts["elsewhere"] == 2


def test_trail_of_a_purged_touch_keeps_no_words():
    touch = InteractionFactory(summary="My secret")
    kept = InteractionFactory(summary="Still here")
    for row in (touch, kept):
        record(actor=row.by, verb="touch.logged", target=row, summary=["", row.summary])
    delete_touch(touch=touch, actor=touch.by)

    assert purge_deleted_touches(now=timezone.now() + dt.timedelta(days=8)) == 1

    trail = AuditEvent.objects.filter(target_type="clientgroups.interaction")
    gone = trail.filter(target_id=str(touch.pk)).values_list("target_label", "changes")
    assert list(gone) == [(f"#{touch.pk}", {})] * 2
    assert trail.get(target_id=str(kept.pk)).target_label == "Still here"


def test_nobody_else_is_told():
    """A name that only this client has is never left in what others were told."""
    mine = ContactFactory(name="王伟")
    Message.objects.create(
        address="a@b.example",
        recipient=UserFactory(),
        kind="x",
        subject="王伟",
        body="",
        dedupe_key="1",
    )
    erase_client(client=mine.client, actor=mine.client.owner, confirm=mine.client.name)
    assert Message.objects.get().subject == "•••"
