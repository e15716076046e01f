"""A client with a row in every table that may hold one, drawn by chance."""

import datetime as dt
import random
import uuid

from django.apps import apps

from clientgroups.models import (
    Activity,
    ActivityInvitation,
    Client,
    ClientHealth,
    ClientSilence,
    ConsentChange,
    Contact,
    ImportedRow,
    Interaction,
    LifecycleChange,
    LifecyclePolicy,
    Membership,
    Purchase,
    RequestMessage,
    RequestType,
    RfmChange,
    RfmScore,
    ServiceRequest,
    Tag,
)
from feedback.models import Answer, Invitation, Response, Wave
from projects.models import ProjectInteraction, RequestTask
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ClientGroupFactory
from tests.factories.feedback import SurveyFactory, asked_with
from tests.factories.projects import TaskFactory

APPS = ("clientgroups", "feedback", "projects", "imports", "notifications", "accounts")
# Trails, marks for sweeps, and what a sweep works out by itself.
APART = {
    "accounts.AuditEvent",
    "clientgroups.ClientMerge",
    "clientgroups.ClientMark",
    "feedback.StaleScore",
}
START = dt.date(2025, 1, 1)
NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)


class Stage:
    """What two clients may share: groups, tags, a wave, an activity, a kind of request."""

    def __init__(self):
        LifecyclePolicy.objects.get_or_create(pk=1)
        self.user = UserFactory(admin=True)
        self.groups = [ClientGroupFactory() for _number in range(3)]
        self.tags = [Tag.objects.create(name=f"tag {n} {uuid.uuid4().hex[:6]}") for n in range(4)]
        self.survey = SurveyFactory(open=True, client_group=self.groups[0])
        self.version = asked_with(self.survey)
        self.wave = Wave.objects.create(
            survey=self.survey,
            version=self.version,
            name="First",
            send_at=NOON,
            created_by=self.user,
        )
        self.activity = Activity.objects.create(
            client_group=self.groups[0], name="Open day", owner=self.user
        )
        self.type, _made = RequestType.objects.get_or_create(name="Question of a test")
        self.batch = uuid.uuid4()


def chance(seed):
    return random.Random(seed)  # noqa: S311 - the same clients for the same seed


def day(dice, until=600):
    return START + dt.timedelta(days=dice.randrange(until))


def rich_client(stage, dice, word="", **fields):
    """A client with some rows in every table; `word` stands in every text."""
    fields = {
        "note": f"note {word}",
        "address": f"street {word}",
        "website": f"x{word}.example",
    } | fields
    client = ClientFactory(owner=stage.user, custom={"size": dice.randrange(9)}, **fields)
    client.tags.set(dice.sample(stage.tags, dice.randrange(4)))
    contacts = [_contact(stage, dice, client, word, n) for n in range(1 + dice.randrange(3))]
    _memberships(stage, dice, client)
    _purchases(dice, client, word)
    _care(stage, dice, client, contacts, word)
    _figures(stage, dice, client, contacts, word)
    _answers(stage, dice, client, contacts, word)
    for group in stage.groups:
        group.member_count = group.memberships.current().count()
        group.save(update_fields=["member_count"])
    return Client.objects.get(pk=client.pk)


def _contact(stage, dice, client, word, number):
    contact = Contact.objects.create(
        client=client,
        name=f"Person {number} {word}",
        email=dice.choice(["", f"{number}{word}@same.example", f"{uuid.uuid4().hex}@x.example"]),
        phone=dice.choice(["", "+86 138 0013 8000", f"+49 30 {dice.randrange(10**7)}"]),
        job_title=dice.choice(["", f"Head {word}"]),
        external_id=dice.choice(["", f"K{number}"]),
        email_consent=dice.random() < 0.5,
        phone_consent=dice.random() < 0.5,
    )
    ConsentChange.objects.create(
        contact=contact, channel="email", granted=True, source=f"fair {word}", actor=stage.user
    )
    return contact


def _memberships(stage, dice, client):
    for group in dice.sample(stage.groups, 2):
        start = day(dice)
        end = start + dt.timedelta(days=dice.randrange(200))
        Membership.objects.create(client_group=group, client=client, valid_from=start, valid_to=end)
        if dice.random() < 0.6:
            Membership.objects.create(
                client_group=group, client=client, valid_from=end, began_because="Again"
            )


def _purchases(dice, client, word):
    days = [day(dice) for _number in range(dice.randrange(5))]
    for number, bought in enumerate(days):
        Purchase.objects.create(
            client=client,
            bought_on=dice.choice([bought, START]),
            amount=dice.choice([100, 250, -30]),
            external_id=f"P{number}",
            product=f"Disc {word}",
        )
    kept = [row for row in client.purchases.all() if row.amount >= 0]
    client.purchase_count = len(kept)
    client.first_purchase_on = min((row.bought_on for row in kept), default=None)
    client.last_purchase_on = max((row.bought_on for row in kept), default=None)
    client.save()


def _care(stage, dice, client, contacts, word):
    touch = Interaction.objects.create(
        client=client,
        contact=dice.choice([None, *contacts]),
        summary=f"Called {word}",
        text=f"said {word}",
        by=stage.user,
        follow_up_on=day(dice),
        follow_up_by=stage.user,
        follow_up_note=f"ask {word}",
    )
    request = ServiceRequest.objects.create(
        client=client,
        contact=dice.choice([None, *contacts]),
        type=stage.type,
        subject=f"Broken {word}",
        text=f"it is {word}",
        outcome=f"mended {word}",
        rating=4,
        rating_text=f"thanks {word}",
        opened_at=NOON,
        token=uuid.uuid4().hex,
    )
    RequestMessage.objects.create(request=request, author=stage.user, text=f"we {word}")
    task = TaskFactory(title=f"Mend {word}", description=f"for {word}")
    RequestTask.objects.create(request=request, task=task)
    ProjectInteraction.objects.create(interaction=touch, project=task.project)
    for contact in contacts[:1]:
        ActivityInvitation.objects.create(
            activity=stage.activity, client=client, contact=contact, token=uuid.uuid4().hex
        )


def _figures(stage, dice, client, contacts, word):
    ClientHealth.objects.create(
        client=client, as_of=dice.choice([START, day(dice)]), score=50, drivers=[{"found": word}]
    )
    LifecycleChange.objects.create(
        client=client, before="potential", after="existing", as_of=START, reason=f"because {word}"
    )
    RfmChange.objects.create(client=client, before="", after="new", as_of=START)
    if dice.random() < 0.7:
        RfmScore.objects.create(
            client=client,
            as_of=START,
            recency=3,
            frequency=2,
            monetary=100,
            currency="CNY",
            r=1,
            f=2,
            m=3,
            segment="new",
        )
    if dice.random() < 0.5:
        ClientSilence.objects.create(
            client=client, last_on=START, usual_days=7, since=START + dt.timedelta(days=30)
        )
    ImportedRow.objects.create(
        batch=stage.batch,
        client=client,
        contact=contacts[0],
        ref=f"ref {word}",
        before={"name": f"was {word}"},
        after={"name": f"is {word}"},
    )


def _answers(stage, dice, client, contacts, word):
    for contact in contacts[:2]:
        invitation = Invitation.objects.create(
            wave=stage.wave, contact=contact, state="answered", sent_at=NOON
        )
        response = Response.objects.create(
            survey=stage.survey,
            version=stage.version,
            wave=stage.wave,
            invitation=invitation,
            client=client,
            contact=contact,
            responded_on=day(dice),
            submitted_at=NOON,
        )
        for question in stage.version.questions.all():
            is_text = question.kind == "text"
            Answer.objects.create(
                response=response,
                question=question,
                metric=question.kind,
                score=None if is_text else dice.randrange(1, 6),
                text=f"well {word}" if is_text else "",
                client=client,
                survey=stage.survey,
                wave=stage.wave,
                responded_on=response.responded_on,
            )


def snapshot(*skipped):
    """Every row of every table of ours, tables between included: label -> {key: columns}."""
    found = {}
    for app in APPS:
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            label = model._meta.label
            if label not in APART and label not in skipped:
                rows = model._base_manager.order_by("pk").values()
                found[label] = {row[model._meta.pk.attname]: row for row in rows}
    for row in found.get("clientgroups.ClientGroup", {}).values():
        row.pop("stale_at")
    return found


def differences(before, after):
    """(table, key, column, before, after) of everything that two snapshots say differently."""
    found = []
    for label in before.keys() | after.keys():
        old, new = before.get(label, {}), after.get(label, {})
        for key in old.keys() | new.keys():
            one, other = old.get(key, {}), new.get(key, {})
            found += [
                (label, key, name, one.get(name), other.get(name))
                for name in one.keys() | other.keys()
                if one.get(name) != other.get(name)
            ]
    return sorted(found, key=str)
