import pytest
from django.urls import reverse

from clientgroups.models import Client, Contact, ImportedRow, StagedContact
from imports.models import RememberedMapping
from tests.imports.samples import PURCHASES

pytestmark = pytest.mark.django_db

PEOPLE = (
    "Company,First Name,Last Name,E-mail,Phone,City,Country,Favourite colour\n"
    "Larkfield Ltd,Anne,Bernard,anne@example.com,030 074321,Berlin,Germany,blue\n"
    "Larkfield Ltd,Tom,Baker,tom@example.com,,Berlin,Germany,\n"
    ",伟,张,zhang@example.com,138 0013 8000,上海,中国,red\n"
)


def text_of(response):
    return response.content.decode()


@pytest.fixture
def checked(upload, send_mapping, work_off):
    def checked(content, name="people.csv", **changes):
        _, run = upload(content, name, kind="contacts")
        work_off(run)
        response = send_mapping(run, **changes)
        assert response.status_code == 302, text_of(response)
        return work_off(run)

    return checked


@pytest.fixture
def imported(client, checked, work_off):
    def imported(content, name="people.csv", **changes):
        run = checked(content, name, **changes)
        client.post(reverse("imports:run_confirm", args=[run.pk]))
        return work_off(run)

    return imported


def test_people_from_upload_to_clients(client, sign_in, upload, send_mapping, work_off):
    user = sign_in("manager")

    response, run = upload(PEOPLE, kind="contacts")
    assert response.status_code == 302
    page = text_of(client.get(response.url, follow=True))
    assert "Consent is never guessed" in page
    send_mapping(run)
    run = work_off(run)
    report = text_of(client.get(run.get_absolute_url()))
    assert "Favourite colour" in report
    assert "No field was chosen for it in the mapping." in report
    client.post(reverse("imports:run_confirm", args=[run.pk]))
    run = work_off(run)

    assert run.state == "applied"
    company, person = Client.objects.order_by("pk")
    assert (company.name, company.kind, company.city) == ("Larkfield Ltd", "organisation", "Berlin")
    assert (person.name, person.kind, person.owner) == ("张伟", "person", user)
    names = list(company.contacts.order_by("pk").values_list("name", "phone"))
    assert names == [("Anne Bernard", "+49 30 074321"), ("Tom Baker", "")]
    himself = person.contacts.get()
    assert (himself.name, himself.language) == ("张伟", "zh-hans")
    assert himself.phone == "+86 138 0013 8000"
    done = text_of(client.get(run.get_absolute_url()))
    assert "2 clients were added." in done
    assert "3 contacts were added." in done
    assert StagedContact.objects.count() == 0


def test_file_twice_changes_nothing(sign_in, imported):
    sign_in("manager")
    imported(PEOPLE)

    run = imported(PEOPLE)

    result = run.summary["result"]
    assert (result["same_clients"], result["same_contacts"]) == (2, 3)
    assert result["new_clients"] == result["changed_clients"] == result["changed_contacts"] == 0
    assert (Client.objects.count(), Contact.objects.count()) == (2, 3)


def test_undo_gives_everything_back(client, sign_in, imported, work_off):
    sign_in("manager")
    imported(PEOPLE)
    changed = imported(PEOPLE.replace("Berlin", "Potsdam").replace("Tom,Baker", "Tom,Bakerman"))
    assert Client.objects.filter(city="Potsdam").exists()

    client.post(reverse("imports:run_undo", args=[changed.pk]))
    run = work_off(changed)

    assert run.state == "undone"
    assert Client.objects.filter(city="Berlin").exists()
    assert Contact.objects.filter(name="Tom Baker").exists()
    assert ImportedRow.objects.filter(batch=run.batch).count() == 0


def test_mapping_is_remembered_for_the_same_headings(client, sign_in, upload, checked):
    user = sign_in("manager")
    checked(PEOPLE, column_7="note", people="skip")

    _, run = upload(PEOPLE, kind="contacts")
    page = client.get(reverse("imports:run_map", args=[run.pk]))

    assert "A file with these headings was mapped on" in text_of(page)
    assert page.context["form"]["column_7"].value() == "note"
    assert page.context["form"]["people"].value() == "skip"
    fresh = client.get(reverse("imports:run_map", args=[run.pk]) + "?fresh=1")
    assert not fresh.context["form"]["column_7"].value()
    assert RememberedMapping.objects.get().user == user
    sign_in("manager")
    _, other = upload(PEOPLE, kind="contacts")
    page = client.get(reverse("imports:run_map", args=[other.pk]))
    assert "A file with these headings" not in text_of(page)


def test_mapping_of_purchases_is_remembered(client, sign_in, upload, send_mapping):
    sign_in("manager")
    _, run = upload(PURCHASES)
    send_mapping(run, currency="EUR", to_name="")

    _, run = upload(PURCHASES)
    page = client.get(reverse("imports:run_map", args=[run.pk]))

    assert page.context["form"]["currency"].value() == "EUR"
    assert page.context["form"]["to_name"].value() is None
