import datetime as dt
import threading
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, SentForm
from accounts.tasks import purge_expired
from clientgroups.forms.clients import ContactForm
from clientgroups.models import Contact
from clientgroups.services.canned import save_canned_answer
from clientgroups.services.groups import create_group
from projects.services.goals import create_goal
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ContactFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
KEY = uuid.UUID(int=7)
TYPED = {"name": "Li Na", "language": "en", "email": "li@example.org", "once_key": str(KEY)}


def test_service_returns_the_first_row_and_records_it_once():
    actor = UserFactory(admin=True)

    first = create_group(actor=actor, name="Loyal", kind="static", once_key=KEY)
    again = create_group(actor=actor, name="Loyal", kind="static", once_key=KEY)

    assert again == first
    assert [event.verb for event in AuditEvent.objects.all()] == ["group.created"]


def test_service_without_a_key_works_as_ever():
    actor, project = UserFactory(admin=True), ProjectFactory()

    rows = [create_goal(actor=actor, project=project, statement="Faster") for _ in range(2)]

    assert rows[0] != rows[1]
    assert not SentForm.objects.exists()


def test_key_of_somebody_else_finds_nothing():
    first = create_group(actor=UserFactory(manager=True), name="A", kind="static", once_key=KEY)
    other = create_group(actor=UserFactory(manager=True), name="B", kind="static", once_key=KEY)

    assert other != first


def test_refused_form_may_be_sent_again_with_its_key():
    actor = UserFactory(admin=True)
    with pytest.raises(ValidationError):
        create_group(actor=actor, name="", kind="static", once_key=KEY)

    assert not SentForm.objects.exists()
    assert create_group(actor=actor, name="Loyal", kind="static", once_key=KEY).pk


def test_key_of_a_deleted_row_makes_a_new_one():
    actor = UserFactory(admin=True)
    save_canned_answer(actor=actor, once_key=KEY, title="Thanks", text="Thank you.").delete()

    assert save_canned_answer(actor=actor, once_key=KEY, title="Thanks", text="Thank you.").pk
    assert str(SentForm.objects.get()).startswith("clientgroups.cannedanswer")


def test_database_keeps_a_key_of_a_person_once():
    sent = SentForm.objects.create(actor=UserFactory(), key=KEY)

    assert str(sent) == str(KEY)
    with pytest.raises(IntegrityError), transaction.atomic():
        SentForm.objects.create(actor=sent.actor, key=KEY)


# The form ----------------------------------------------------------------------------------------


def key_of(**changes):
    form = ContactForm(TYPED | changes, instance=Contact(client=ClientFactory()))
    assert form.is_valid(), form.errors
    return form.cleaned_data["once_key"]


def test_what_was_typed_belongs_to_the_key():
    assert key_of() == key_of(csrfmiddlewaretoken="other")
    assert key_of() != key_of(name="Li Lei")
    assert key_of() != key_of(once_key=str(uuid.uuid4()))


@pytest.mark.parametrize("key", ["", "nonsense"])
def test_form_without_a_readable_key_has_none(key):
    assert key_of(once_key=key) is None


def test_form_keeps_its_key_when_it_is_refused():
    form = ContactForm(TYPED | {"name": ""}, instance=Contact(client=ClientFactory()))

    assert not form.is_valid()
    assert form["once_key"].value() == str(KEY)


def test_each_page_has_a_key_of_its_own():
    keys = {ContactForm(instance=Contact())["once_key"].value() for _ in range(3)}

    assert len(keys) == 3


def test_form_of_a_stored_row_has_no_key():
    assert "once_key" not in ContactForm(instance=ContactFactory()).fields


def test_unknown_key_does_not_lift_the_rule_of_one_address(client, sign_in):
    contact = ContactFactory(email="li@example.org")
    sign_in("admin")

    answer = client.post(f"/clients/{contact.client_id}/contacts/new/", TYPED)

    assert answer.status_code == 422
    assert "already has a contact" in answer.content.decode()


def test_key_of_somebody_else_does_not_lift_the_rule_of_one_address(client, sign_in):
    contact = ContactFactory(email="li@example.org")
    form = ContactForm(TYPED, instance=Contact(client=ClientFactory()))
    form.is_valid()
    SentForm.objects.create(actor=UserFactory(), key=form.cleaned_data["once_key"])
    sign_in("admin")

    answer = client.post(f"/clients/{contact.client_id}/contacts/new/", TYPED)

    assert answer.status_code == 422
    assert Contact.objects.count() == 1


def test_old_keys_are_thrown_away():
    old, _new = (SentForm.objects.create(actor=UserFactory(), key=KEY) for _ in range(2))
    SentForm.objects.filter(pk=old.pk).update(at=timezone.now() - dt.timedelta(days=31))

    purge_expired()

    assert not SentForm.objects.filter(pk=old.pk).exists()
    assert SentForm.objects.count() == 1


# At the same moment ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_thirty_copies_at_the_same_moment_make_one_row():
    project = ProjectFactory()
    grant(project.lead, "lead", project)
    gate, made = threading.Barrier(30), []

    def send():
        try:
            gate.wait()
            goal = create_goal(
                actor=project.lead, project=project, statement="Faster", once_key=KEY
            )
            made.append(goal.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 30
    assert len(set(made)) == 1
    assert project.goals.count() == 1
