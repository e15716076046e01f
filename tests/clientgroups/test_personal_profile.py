import csv
import io
import json
import zipfile

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from accounts.audit import record
from accounts.models import AuditEvent
from clientgroups.models import (
    ActivityInvitation,
    Client,
    Contact,
    Membership,
    Purchase,
    ServiceRequest,
    StagedContact,
    StagedPurchase,
)
from clientgroups.selectors import personal
from clientgroups.selectors.personal import PersonalData, registered, words_of
from clientgroups.services.clients import archive_client, update_client, update_contact
from clientgroups.services.merges import merge_clients
from clientgroups.services.personal import erase_client, export_client
from clientgroups.services.personal_scrub import emptied, scrubber
from feedback.models import Invitation
from feedback.services.scores import rebuild_scores
from imports.models import ImportIssue, ImportRun
from notifications.models import Message
from projects.models import Comment, Task
from tests.factories.clientgroups import ClientFactory, ContactFactory, MembershipFactory
from tests.factories.profile import APPS, Stage, chance, rich_client, snapshot
from tests.factories.projects import TaskFactory

pytestmark = pytest.mark.django_db
WORD = "Zitronenfalter"


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def told(stage, client):
    """Words of the client where only trails, mails and imports keep them."""
    person = client.contacts.first()
    update_client(client=client, actor=stage.user, name=f"Firm {WORD}", external_id=f"N{WORD}")
    update_contact(contact=person, actor=stage.user, email=f"{WORD}@x.example")
    client.refresh_from_db()
    record(actor=stage.user, verb="group.clients_added", target=stage.groups[0],
           clients=[None, [client.name, "Other"]])  # fmt: skip
    mail = {"kind": "survey", "subject": f"Dear {WORD}", "body": client.name, "html": WORD}
    Message.objects.create(address=f"{WORD}@x.example".lower(), dedupe_key="a", **mail)
    Message.objects.create(
        address=f"{WORD}@x.example".lower(), dedupe_key="b", state="sent", **mail
    )
    mail |= {"subject": f"About {client.name}", "body": f"Firm {WORD} waits", "html": ""}
    Message.objects.create(address=stage.user.email, recipient=stage.user, dedupe_key="c", **mail)
    batch = stage.batch
    StagedContact.objects.create(
        batch=batch, line=1, client_key="k", data={"client": {"name": client.name}}
    )
    StagedPurchase.objects.create(
        batch=batch, line=1, client_external_id=client.external_id, client_name=client.name,
        bought_on="2026-01-01", amount=1, currency="CNY", external_id="1",
    )  # fmt: skip
    run = ImportRun.objects.create(
        kind="contacts", created_by=stage.user, file_name="a.csv", file_size=1, sha256="",
        shape={"sample": [[client.name]]},
    )  # fmt: skip
    ImportIssue.objects.create(run=run, severity="error", place="3", value=client.name, message="x")
    Comment.objects.create(
        task=TaskFactory(),
        author=stage.user,
        author_name="A",
        body=f"call {client.name}",
        created_at=timezone.now(),
    )
    return Client.objects.get(pk=client.pk)


def tables_with(word):
    """Tables in which a word stands anywhere, in whatever column."""
    found = []
    with connection.cursor() as cursor:
        for app in APPS:
            for model in apps.get_app_config(app).get_models(include_auto_created=True):
                table = model._meta.db_table
                text = f"SELECT count(*) FROM {table} t WHERE t::text ILIKE %s"  # noqa: S608
                cursor.execute(text, [f"%{word}%"])
                if cursor.fetchone()[0]:
                    found.append(table)
    return found


def counted():
    """What erasing must not change: rows, money, scores, members on every day."""
    rebuild_scores()
    rows = {label: len(table) for label, table in snapshot().items()}
    for label in ("clientgroups.StagedContact", "clientgroups.StagedPurchase"):
        rows.pop(label)
    rows.pop("clientgroups.Client_tags")
    days = Membership.objects.values_list("client_group", "client", "valid_from", "valid_to")
    scores = snapshot()["feedback.SatisfactionRollup"].values()
    names = ("scope", "scope_id", "metric", "period_kind", "period_start", "n", "score", "invited")
    return {
        "rows": rows,
        "money": list(Purchase.objects.values("currency").annotate(Sum("amount")).order_by()),
        "scores": sorted(tuple(map(str, (row[name] for name in names))) for row in scores),
        "members": sorted(map(str, days)),
        "sizes": {
            pk: row["member_count"] for pk, row in snapshot()["clientgroups.ClientGroup"].items()
        },
        "ratings": list(ServiceRequest.objects.order_by("pk").values_list("rating", "status")),
        "bought": list(Client.objects.order_by("pk").values_list("purchase_count", "stage")),
    }


@pytest.mark.parametrize("seed", range(3))
def test_erasing_leaves_no_word_anywhere_and_every_count_true(seed):
    dice, stage = chance(seed), Stage()
    client = told(stage, rich_client(stage, dice, WORD))
    other = rich_client(stage, dice, "Kohlmeise")
    # What is over already stays as it is; what is open ends, see test_personal_ends.
    archive_client(client=client, actor=stage.user)
    client.requests.update(status="closed", resolved_at=timezone.now())
    before = counted()
    assert len(tables_with(WORD)) > 17

    erase_client(client=client, actor=stage.user, confirm=client.name)

    assert tables_with(WORD) == []
    assert counted() == before
    client.refresh_from_db()
    assert (client.name, client.external_id) == (f"#{client.pk}", None)
    assert client.archived_at
    assert client.erased_at
    assert not client.contacts.filter(email_consent=True).exists()
    other.refresh_from_db()
    assert "Kohlmeise" in other.note
    assert len(tables_with("Kohlmeise")) > 10


def test_links_die_and_waiting_mails_are_not_sent():
    dice, stage = chance(1), Stage()
    client = told(stage, rich_client(stage, dice, WORD))
    tokens = [
        *ServiceRequest.objects.values_list("token", flat=True),
        *ActivityInvitation.objects.values_list("token", flat=True),
        *Invitation.objects.values_list("token", flat=True),
    ]

    erase_client(client=client, actor=stage.user, confirm=client.external_id)

    assert not ServiceRequest.objects.filter(token__in=tokens).exists()
    assert not ActivityInvitation.objects.filter(token__in=tokens).exists()
    assert not Invitation.objects.filter(token__in=tokens).exists()
    states = Message.objects.filter(recipient=None).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["parked", "sent"]
    assert Message.objects.get(recipient=stage.user).subject == "About •••"
    assert Task.objects.filter(title__startswith="#").count() == 1


def test_erasing_reaches_clients_that_were_merged_into_it():
    dice, stage = chance(2), Stage()
    kept, gone = rich_client(stage, dice), rich_client(stage, dice, WORD, name=f"Old {WORD}")
    merge_clients(kept=kept, gone=gone, actor=stage.user)

    with pytest.raises(ValidationError, match="Erase that one"):
        erase_client(client=gone, actor=stage.user, confirm=gone.name)
    kept.refresh_from_db()
    erase_client(client=kept, actor=stage.user, confirm=kept.name)

    assert tables_with(WORD) == []
    assert Client.objects.filter(erased_at=None).count() == 0


def test_erasing_twice_does_it_once_and_the_trail_says_so_without_names():
    client = ClientFactory(name="Lark field")
    client.stage_fixed_until, client.stage_reason = timezone.localdate(), "Signed"
    client.save()

    first = erase_client(client=client, actor=client.owner, confirm="  lark   FIELD ")
    second = erase_client(client=client, actor=client.owner, confirm="")

    assert first["client"] == 1
    assert second == {}
    event = AuditEvent.objects.get(verb="client.erased")
    assert event.target_label == f"#{client.pk}"


@pytest.mark.parametrize("typed", ["", "lark", "7"])
def test_erasing_asks_for_the_whole_name(typed):
    client = ClientFactory(name="Lark field", external_id=None)
    with pytest.raises(ValidationError, match="exactly"):
        erase_client(client=client, actor=client.owner, confirm=typed)
    client.refresh_from_db()
    assert client.erased_at is None


def test_an_erased_client_takes_no_changes():
    client = ClientFactory(name="Lark")
    erase_client(client=client, actor=client.owner, confirm="Lark")
    with pytest.raises(ValidationError, match="erased"):
        update_client(client=client, actor=client.owner, city="Kiel")


# Export -------------------------------------------------------------------------------------------


def opened(file):
    with file:
        archive = zipfile.ZipFile(io.BytesIO(file.read()))
    names = archive.namelist()
    (main,) = [name for name in names if name.endswith(".json")]
    tables = {
        name.removesuffix(".csv"): list(
            csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
        )
        for name in names
        if name.endswith(".csv")
    }
    return json.loads(archive.read(main)), tables


def test_export_holds_the_words_of_every_table():
    dice, stage = chance(3), Stage()
    client = told(stage, rich_client(stage, dice, WORD))
    other = rich_client(stage, dice, "Kohlmeise")

    whole, tables = opened(export_client(client=client, actor=stage.user))

    held = {key for key, rows in whole["data"].items() if WORD in json.dumps(rows)}
    assert held >= {
        "client", "contacts", "consents", "purchases", "stages", "health", "interactions",
        "requests", "messages", "imported", "answers", "tasks", "audit", "mails", "staged",
        "import_issues",
    }  # fmt: skip
    assert set(tables) == {key for key, rows in whole["data"].items() if rows}
    assert "Kohlmeise" not in json.dumps(whole)
    assert str(other.pk) not in {row["id"] for row in tables["client"]}
    assert AuditEvent.objects.filter(verb="client.exported").count() == 1


def test_export_holds_merged_clients_and_no_formula():
    kept = ClientFactory(name="=1+1", note="@SUM(A1)", custom={"size": {"a": 1}})
    gone = ClientFactory(name="Old")
    merge_clients(kept=kept, gone=gone, actor=kept.owner)

    whole, tables = opened(export_client(client=kept, actor=kept.owner))

    assert [row["name"] for row in whole["data"]["client"]] == ["=1+1", "Old"]
    assert [row["name"] for row in tables["client"]] == ["'=1+1", "Old"]
    assert tables["client"][0]["note"] == "'@SUM(A1)"


def test_register_lists_every_app_and_replaces_by_key(monkeypatch):
    keys = [entry.key for entry in registered()]
    assert {"client", "contacts", "answers", "invitations", "tasks", "import_issues"} <= set(keys)
    assert len(keys) == len(set(keys))
    monkeypatch.setattr(personal, "_kept", {})
    for label in ("One", "Two"):
        personal.register(PersonalData("a", label, lambda client: [], lambda client: 0))
    assert [entry.label for entry in registered()] == ["Two"]


def test_every_table_that_points_at_a_client_is_exported_or_tells_nothing():
    """A new table must be thought of here: exported and erased, or named with a reason."""
    silent = {
        "Client_tags": "exported with the client",
        "ClientMark": "a mark for a sweep",
        "ClientSilence": "worked out from days of other tables",
        "NotDuplicate": "two keys",
        "Response": "exported with its answers",
    }
    known = {
        "ActivityInvitation", "Answer", "Client", "ClientHealth", "ClientMerge", "Contact",
        "ImportedRow", "Interaction", "LifecycleChange", "Membership", "Purchase", "RfmChange",
        "RfmScore", "ServiceRequest",
    }  # fmt: skip
    relations = Client._meta.get_fields(include_hidden=True)
    tables = {
        each.related_model.__name__ for each in relations if each.auto_created and not each.concrete
    }
    assert sorted(tables - known - set(silent) - {"Tag"}) == []


# Words --------------------------------------------------------------------------------------------


def test_words_are_asked_once_and_longest_first():
    client = ClientFactory(name="Lark field", external_id="7")
    ContactFactory(client=client, name="Mia Berg", email="mia@x.example", phone="")

    words = words_of(client)
    Contact.objects.all().delete()

    assert words == ["mia@x.example", "Lark field", "Mia Berg"]
    assert words_of(client) is words


@pytest.mark.parametrize(
    ("words", "text", "left"),
    [
        (["Mia Berg"], "mia berg called Mia Bergmann", "••• called Mia Bergmann"),
        (
            ["Ann Müll"],
            "Joann Müller, Ann Müller, 致电Ann Müll先生",
            "Joann Müller, Ann Müller, 致电•••先生",
        ),
        (
            ["mia@x.example"],
            "eva.mia@x.example mia@x.example.org",
            "eva.mia@x.example mia@x.example.org",
        ),
        (["mia@x.example"], "Write to Mia@x.example.", "Write to •••."),
        (["王伟"], "致电王伟先生", "致电•••先生"),
        (["a.b+c@x.y"], ["to a.b+c@x.y", 7], ["to •••", 7]),
        (["Lark"], {"k": ["Lark", None]}, {"k": ["•••", None]}),
    ],
)
def test_scrubbing_takes_whole_words(words, text, left):
    assert scrubber(words)(text) == left


def test_emptied_keeps_the_shape():
    assert emptied({"a": ["x", 1, None, {"b": "y"}]}) == {"a": ["", 1, None, {"b": ""}]}


# Pages --------------------------------------------------------------------------------------------


def test_lead_downloads_everything_as_zip(client, sign_in):
    member = MembershipFactory()
    sign_in("lead", member.client_group)

    response = client.post(url("client_download", member.client.pk))

    assert response["Content-Type"] == "application/zip"
    assert f"client-{member.client.pk}.zip" in response["Content-Disposition"]
    assert zipfile.ZipFile(io.BytesIO(response.content)).testzip() is None


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_do_not_download(client, sign_in, role):
    member = MembershipFactory()
    sign_in(role, member.client_group)
    assert client.post(url("client_download", member.client.pk)).status_code == 403


def test_only_administrators_erase(client, sign_in):
    member = MembershipFactory(client__name="Lark")
    sign_in("lead", member.client_group)
    assert client.get(url("client_erase", member.client.pk)).status_code == 403
    assert (
        client.post(url("client_erase", member.client.pk), {"confirm": "Lark"}).status_code == 403
    )
    member.client.refresh_from_db()
    assert member.client.erased_at is None


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_erase_page_says_what_happens_and_keeps_what_was_typed(client, sign_in, headers):
    sign_in("admin")
    row = ContactFactory(client__name="<i>Lark</i>").client
    address = url("client_erase", row.pk)

    page = client.get(address, headers=headers).content.decode()
    refused = client.post(address, {"confirm": "Lerche"}, headers=headers)

    assert "What happens" in page
    assert "<i>" not in page
    assert refused.status_code == 422
    assert 'value="Lerche"' in refused.content.decode()
    done = client.post(address, {"confirm": "<i>Lark</i>"}, follow=True).content.decode()
    assert "was erased on" in done
    assert client.get(address).url == row.get_absolute_url()


def test_erase_page_names_merged_clients(client, sign_in):
    actor = sign_in("admin")
    kept, gone = ClientFactory(), ClientFactory(name="Old one")
    merge_clients(kept=kept, gone=gone, actor=actor)
    page = client.get(url("client_erase", kept.pk)).content.decode()
    assert "Old one" in page
