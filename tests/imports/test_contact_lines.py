"""What single lines become, what is refused, and who is known already."""

import pytest
from django.urls import reverse

from clientgroups.models import Client, ConsentChange, Contact, CustomField, Tag
from clientgroups.selectors.references import reference
from clientgroups.services.merges import merge_clients
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


def said(run):
    return [str(issue) for issue in run.issues.all()]


# Who is known ------------------------------------------------------------------------------------


def test_customer_number_counts_before_all_else(sign_in, imported):
    user = sign_in("manager")
    known = ClientFactory(owner=user, external_id="K1", name="Old name")
    ContactFactory(client=known, email="a@example.com", name="Anne")

    imported("Customer No,Company,Contact,E-mail\nK1,New name,Anne B,A@example.com\n")

    known.refresh_from_db()
    assert known.name == "New name"
    contact = known.contacts.get()
    assert (contact.name, contact.email) == ("Anne B", "a@example.com")


def test_person_is_known_by_email_else_by_name_and_phone(sign_in, imported):
    user = sign_in("manager")
    people = [ClientFactory(owner=user, kind="person", name=n, external_id=None) for n in "AB"]
    ContactFactory(client=people[0], name="A", email="a@example.com")
    ContactFactory(client=people[1], name="B", email="", phone="138 0013 8000")

    run = imported(
        "Name,E-mail,Phone\nAnne,a@example.com,\nb,,+86 138 0013 8000\nB,,+86 138 0013 8009\n"
    )

    result = run.summary["result"]
    assert (result["new_clients"], result["changed_clients"]) == (1, 2)
    assert people[1].contacts.get().phone == "138 0013 8000"
    assert run.summary["alike"][0][2] == people[1].pk


def test_organisation_is_known_by_its_name_whatever_its_form(sign_in, imported):
    user = sign_in("manager")
    known = ClientFactory(owner=user, name="Larkfield GmbH", external_id=None)
    twin = ClientFactory(owner=user, name="Larkfield", external_id=None)
    ContactFactory(client=twin, email="t@example.com", name="Tom")

    imported("Company,Contact,E-mail\nLARKFIELD,Tom,t@example.com\nHarbour,Kim,k@example.com\n")

    assert known.contacts.count() == 0
    assert twin.contacts.count() == 1
    assert Client.objects.count() == 3


def test_clients_of_others_are_refused_and_stay_unknown(sign_in, imported):
    sign_in("manager")
    other = ClientFactory(external_id="K1", name="Secret", city="Rome")
    person = ClientFactory(external_id=None, name="Anne", kind="person")
    ContactFactory(client=person, email="a@example.com", name="Anne")

    run = imported("Customer No,Company,E-mail,City\nK1,Mine,,Oslo\n,,a@example.com,Oslo\n")

    other.refresh_from_db()
    assert (other.name, other.city) == ("Secret", "Rome")
    assert "belongs to a client that you may not change" in " ".join(said(run))
    assert run.summary["alike"] == []
    assert "Secret" not in " ".join(said(run))
    assert run.summary["result"]["new_clients"] == 1


def test_merged_client_leads_on_and_erased_one_is_refused(sign_in, imported, django_user_model):
    user = sign_in("manager")
    kept = ClientFactory(owner=user, name="Kept", external_id="K2")
    now = kept.created_at
    ClientFactory(owner=user, external_id="K1", merged_into=kept, archived_at=now)
    ClientFactory(owner=user, external_id="K3", erased_at=now, archived_at=now)

    run = imported("Customer No,Company,City\nK1,Kept,Oslo\nK3,Gone,Oslo\n")

    kept.refresh_from_db()
    assert kept.city == "Oslo"
    assert "erased at its own request" in " ".join(said(run))


def test_numbers_and_references_lead_on_through_several_merges(sign_in, imported):
    user = sign_in("manager")
    first, second, last = (
        ClientFactory(owner=user, name=name, external_id=name) for name in ("K1", "K2", "K3")
    )
    merge_clients(kept=second, gone=first, actor=user)
    merge_clients(kept=last, gone=second, actor=user)

    imported("Customer No,Company,City\nK1,K3,Oslo\n")
    imported(f"Tandem client,Client,Region\n{reference('C', first.pk)},K3,East\n")

    for client in (first, second, last):
        client.refresh_from_db()
    assert (last.city, last.region) == ("Oslo", "East")
    assert first.city == second.city == first.region == second.region == ""


def test_reference_of_a_deleted_or_foreign_installation_is_refused(sign_in, checked):
    user = sign_in("manager")
    mine = ClientFactory(owner=user, name="Mine")
    gone = reference("C", mine.pk + 1000)

    run = checked(f"Tandem client,Client\n{gone},A\nC1-0000000000,B\n{reference('C', mine.pk)},\n")

    told = " ".join(said(run))
    assert "no longer exists" in told
    assert "is no reference of this installation" in told
    assert run.summary["same_clients"] == 1


def test_repeated_and_taken_contacts_are_named_by_line(sign_in, imported):
    user = sign_in("manager")
    client = ClientFactory(owner=user, external_id="K1", name="Ace")
    ContactFactory(client=client, external_id="u1", email="one@example.com", name="One")
    ContactFactory(client=client, external_id="u2", email="two@example.com", name="Two")

    run = imported(
        "Customer No,Client,Contact number,Contact,E-mail\n"
        "K1,Ace,u1,One,two@example.com\n"
        "K1,Ace,,Three,three@example.com\n"
        "K1,Ace,,Third,THREE@example.com\n"
    )

    issues = {issue.line: str(issue) for issue in run.issues.filter(severity="error")}
    assert issues[2].startswith("Another contact of this client has this e-mail")
    assert issues[4].startswith("The same client or contact stands further up")
    assert sorted(client.contacts.values_list("name", flat=True)) == ["One", "Three", "Two"]


# What a line says --------------------------------------------------------------------------------


def test_consent_is_never_guessed(sign_in, imported):
    sign_in("manager")
    names = "Company,Contact,E-mail,Agrees to e-mail,Agrees to phone calls,Agrees to letters"

    run = imported(
        f"{names}\nA,Yes,y@example.com,yes,ja,是\nA,No,n@example.com,no,,\n"
        "A,Unsaid,u@example.com,,perhaps,\n"
    )

    found = {
        c.name: (c.email_consent, c.phone_consent, c.post_consent) for c in Contact.objects.all()
    }
    assert found == {
        "Yes": (True, True, True),
        "No": (False, False, False),
        "Unsaid": (False, False, False),
    }
    assert "says neither yes nor no" in " ".join(said(run))
    source = ConsentChange.objects.filter(contact__name="Yes").first().source
    assert source == f"Import {run.pk}: people.csv"
    assert ConsentChange.objects.filter(contact__name="Unsaid").count() == 1


def test_email_is_allowed_where_no_column_speaks_of_it(sign_in, imported):
    sign_in("manager")

    imported("Company,Contact,E-mail\nA,Kim,k@example.com\n")

    contact = Contact.objects.get()
    assert (contact.email_consent, contact.phone_consent) == (True, False)
    assert ConsentChange.objects.count() == 0


def test_consent_taken_back_here_stays_taken_back(sign_in, imported):
    user = sign_in("manager")
    contact = ContactFactory(client__owner=user, client__name="A", email_consent=False)
    ConsentChange.objects.create(contact=contact, channel="email", granted=False)

    imported(f"Company,Contact,E-mail,Agrees to e-mail\nA,{contact.name},{contact.email},yes\n")

    contact.refresh_from_db()
    assert not contact.email_consent


def test_objection_counts_even_when_known_contacts_are_left_alone(sign_in, imported):
    user = sign_in("manager")
    contact = ContactFactory(client__owner=user, client__name="A", name="Kim")

    imported(
        f"Company,Contact,E-mail,Email Opt Out\nA,Other name,{contact.email},1\n", known="leave"
    )

    contact.refresh_from_db()
    assert (contact.name, contact.email_consent) == ("Kim", False)


@pytest.mark.parametrize(
    ("known", "city", "industry"), [("update", "Oslo", "Ships"), ("fill", "Rome", "Ships")]
)
def test_known_clients_are_updated_or_filled(sign_in, imported, known, city, industry):
    user = sign_in("manager")
    client = ClientFactory(owner=user, name="A", city="Rome", country="Italy")

    imported("Company,City,Industry,Country\nA,Oslo,Ships,\n", known=known)

    client.refresh_from_db()
    assert (client.city, client.industry, client.country) == (city, industry, "Italy")


@pytest.mark.parametrize(
    ("people", "clients", "contacts", "errors"),
    [
        ("company", ["Ace", "Kim"], ["Anne", "Kim"], 0),
        ("person", ["Anne", "Kim"], ["Anne", "Kim"], 0),
        ("skip", ["Ace"], ["Anne"], 1),
    ],
)
def test_contacts_go_where_the_person_chose(sign_in, imported, people, clients, contacts, errors):
    sign_in("manager")

    run = imported("Company,Contact,Phone\nAce,Anne,1\n,Kim,2\n", people=people)

    assert sorted(Client.objects.values_list("name", flat=True)) == clients
    assert sorted(Contact.objects.values_list("name", flat=True)) == contacts
    assert run.summary["errors"] == errors


def test_custom_fields_tags_and_owner_are_taken_over(sign_in, imported):
    user = sign_in("manager")
    colleague = UserFactory(email="kim@example.com", name="Kim Lee")
    for key, kind in {"size": "number", "since": "date", "vip": "yes_no", "note": "text"}.items():
        CustomField.objects.create(key=key, label=f"Own {key}", kind=kind)
    CustomField.objects.create(key="level", label="Level", kind="choice", choices=["A", "B"])
    Tag.objects.create(name="Fair")

    run = imported(
        "Company,Own size,Own since,Own vip,Level,Tags,Owner\n"
        'Ace,"1,250.5",3 May 2024,ja,A,"FAIR; New, * My Contacts",KIM@example.com\n'
        "Bee,much,,,C,,Nobody\n"
    )

    ace, bee = Client.objects.order_by("name")
    assert ace.custom == {"size": 1250.5, "since": "2024-05-03", "vip": True, "level": "A"}
    assert sorted(ace.tags.values_list("name", flat=True)) == ["Fair", "New"]
    assert (ace.owner, bee.owner, bee.custom) == (colleague, user, {})
    told = " ".join(said(run))
    assert "Nobody here is called “Nobody”" in told
    assert "“much” does not fit the field “Own size”" in told
    assert "“C” does not fit the field “Level”" in told


def test_lifecycle_stage_is_never_imported(sign_in, imported, client):
    sign_in("manager")

    run = imported("Company,Lifecycle Stage,Kind of client\nAce,loyal,strange\n")

    assert Client.objects.get().stage == "potential"
    losses = {name: why for name, _count, why in run.summary["losses"]}
    assert losses["Lifecycle Stage"].startswith("Tandem works this out itself")
    assert "“strange” was not understood (Kind of client)" in " ".join(said(run))


def test_bad_lines_never_stop_good_ones(sign_in, imported):
    sign_in("manager")
    long = "x" * 300

    run = imported(
        "Customer No,Company,Contact,E-mail,Phone,Preferred channel,Time zone,Language,"
        "Active contact\n"
        f"1,{long},Kim,no address,12,pigeon,Mars/Base,Klingon,perhaps\n"
        f"{long},A,,,,,,,\n"
        ",,,,,,,,\n"
        "NULL,,,,,sms,,,\n"
        "2,Ace\n"
        "3,NULL,n/a,-,,,,,\n"
        "4,Good,Anne,anne@example.com; second@example.com,,email,Asia/Shanghai,中文,no\n"
    )

    told = " ".join(said(run))
    for piece in (
        "is longer than 200 characters and was cut",
        "“no address” is no e-mail address",
        "“12” is no phone number that is known",
        "“pigeon” was not understood",
        "“Mars/Base” was not understood",
        "“Klingon” is no language of Tandem",
        "The Customer number is longer than 80 characters",
        "The line names neither a client nor a contact",
        "The line has only 2 fields",
        "the further one “second@example.com” was not imported",
    ):
        assert piece in told, piece
    anne = Contact.objects.get(name="Anne")
    assert (anne.language, anne.preferred_channel, anne.is_active) == ("zh-hans", "email", False)
    assert anne.client.name == "Good"


def test_mapping_without_a_name_or_with_one_twice_is_refused(client, sign_in, upload, send_mapping):
    sign_in("manager")
    _, run = upload("Company,City\nAce,Oslo\n", kind="contacts")

    none = send_mapping(run, column_0="", column_1="city")
    twice = send_mapping(run, column_0="city", column_1="city")

    assert none.status_code == twice.status_code == 422
    assert "Choose at least the column with the name" in none.content.decode()
    assert "The column “Company” is already taken over as this." in twice.content.decode()
