"""Taking an import of clients back, and two at once."""

from threading import Thread

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.urls import reverse

from clientgroups.models import Client, ConsentChange, Contact, CustomField, ImportedRow, Tag
from clientgroups.services.clients import update_client
from imports import runner, services
from imports.models import ImportRun
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ContactFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(upload, send_mapping, work_off):
    def checked(content, **changes):
        _, run = upload(content, "people.csv", kind="contacts")
        response = send_mapping(run, **changes)
        assert response.status_code == 302, response.context["form"].errors
        return work_off(run)

    return checked


@pytest.fixture
def imported(client, checked, work_off):
    def imported(content, **changes):
        run = checked(content, **changes)
        client.post(reverse("imports:run_confirm", args=[run.pk]))
        run = work_off(run)
        assert run.state == "applied", run.problem
        return run

    return imported


@pytest.fixture
def undone(client, work_off):
    def undone(run):
        client.post(reverse("imports:run_undo", args=[run.pk]))
        return work_off(run)

    return undone


def test_undo_leaves_what_others_touched(client, sign_in, imported, undone):
    user = sign_in("manager")
    run = imported(
        "Company,Contact,E-mail,Tags\nAce,Kim,k@example.com,New\nBee,Lee,l@example.com,New\n"
    )
    ace = Client.objects.get(name="Ace")
    update_client(client=ace, actor=user, name="Ace Holding")

    run = undone(run)

    assert run.summary["undone"]["names"] == ["Ace Holding"]
    assert list(Client.objects.values_list("name", flat=True)) == ["Ace Holding"]
    assert ImportedRow.objects.count() == 0
    page = client.get(run.get_absolute_url()).content.decode()
    assert "1 client stays, because there is other data about it by now: Ace Holding" in page


def test_undo_restores_every_kind_of_field_unless_changed_since(sign_in, imported, undone):
    user = sign_in("manager")
    CustomField.objects.create(key="size", label="Size", kind="number")
    CustomField.objects.create(key="new", label="New", kind="text")
    ace = ClientFactory(owner=user, name="Ace", city="Oslo", country="Norway", custom={"size": 1})
    kim = ContactFactory(client=ace, name="Kim", email="k@example.com", job_title="Head")
    run = imported(
        "Company,City,Country,Size,New,Tags,Contact,E-mail,Position,Agrees to phone calls\n"
        "Ace,Rome,Italy,2,x,Fresh,Kim,k@example.com,Chief,yes\n"
    )
    ace.refresh_from_db()
    assert ace.custom == {"size": 2, "new": "x"}
    Client.objects.filter(pk=ace.pk).update(country="Spain")

    undone(undone(run))

    ace.refresh_from_db()
    kim.refresh_from_db()
    assert (ace.city, ace.country, ace.custom) == ("Oslo", "Spain", {"size": 1})
    assert (kim.job_title, kim.phone_consent) == ("Head", False)
    assert (Tag.objects.count(), ConsentChange.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_add_everybody_once(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    user = UserFactory(manager=True)
    content = "Customer No,Company,E-mail\n" + "".join(
        f"K{n},Company {n},a{n}@example.com\n" for n in range(50)
    )
    runs = []
    for _ in range(2):
        file = ContentFile(content.encode(), name="a.csv")
        run = services.start_run(actor=user, kind="contacts", upload=file)
        suggested = run.shape["suggested"]
        services.check_run(
            run=run, actor=user, mapping=suggested["mapping"], options=suggested["options"]
        )
        runner.advance(run.pk)
        runs.append(run)
    ImportRun.objects.update(state="applying")

    def write(pk):
        try:
            runner.advance(pk)
        finally:
            connection.close()

    threads = [Thread(target=write, args=(run.pk,)) for run in runs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [run.state for run in ImportRun.objects.all()] == ["applied", "applied"]
    assert (Client.objects.count(), Contact.objects.count()) == (50, 50)
