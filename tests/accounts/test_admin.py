import pytest
from allauth.mfa.models import Authenticator

from accounts.audit import record
from accounts.models import AuditEvent, JobRun, User
from notifications.models import Message
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/accounts/user/"
NEW = {
    "name": "Li Na",
    "email": "li@example.org",
    "role": "manager",
    "language": "zh-hans",
    "time_zone": "Asia/Shanghai",
    "usable_password": "true",
    "password1": "harbour-violin-73",
    "password2": "harbour-violin-73",
}


@pytest.fixture
def admin(client):
    user = UserFactory(admin=True)
    client.force_login(user)
    return user


def form_of(person, **changes):
    fields = ("name", "email", "role", "language", "time_zone")
    data = {name: getattr(person, name) for name in fields}
    data |= {"is_active": "on"} if person.is_active else {}
    data |= {"is_staff": "on"} if person.is_staff else {}
    data |= changes
    return {name: value for name, value in data.items() if value is not None}


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


# Who gets in -------------------------------------------------------------------------------------


def test_sign_in_leads_through_our_page(client):
    response = client.get(PEOPLE, follow=True)

    assert response.redirect_chain[-1][0] == f"/accounts/login/?next={PEOPLE}"
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


def test_second_factor_holds_for_the_support_tool(client, sign_in_as):
    user = UserFactory(admin=True)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})

    assert sign_in_as(user)["Location"] == "/accounts/code/"
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "traits", [{}, {"manager": True}, {"is_staff": True}, {"admin": True, "is_staff": False}]
)
def test_support_tool_is_closed_to_others(client, traits):
    client.force_login(UserFactory(**traits))

    assert client.get("/admin/login/?next=/admin/").status_code == 403
    assert client.get(PEOPLE, follow=True).status_code == 403


def test_administrator_is_led_on(client, admin):
    assert client.get(f"/admin/login/?next={PEOPLE}")["Location"] == PEOPLE
    assert client.get("/admin/login/?next=//evil.example/")["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_password_and_sign_out_are_ours(client, admin):
    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    assert client.post("/admin/logout/")["Location"] == "/accounts/login/"
    assert verbs() == ["user.signed_out"]
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "",
        "accounts/user/?q=li",
        "accounts/user/add/",
        "accounts/auditevent/?q=user",
        "accounts/jobrun/?q=task",
        "notifications/message/?q=li",
    ],
)
def test_pages_of_the_support_tool_open(client, admin, path):
    record(actor=admin, verb="user.changed", target=admin)
    MessageFactory()

    assert client.get(f"/admin/{path}").status_code == 200


def test_models_of_allauth_and_groups_are_not_offered(client, admin):
    page = client.get("/admin/").content.decode()

    for name in ("authenticator", "usersession", "emailaddress", "auth/group"):
        assert name not in page


# People ------------------------------------------------------------------------------------------


def test_administrator_lets_somebody_in(client, admin, sign_in_as):
    response = client.post(f"{PEOPLE}add/", NEW)

    person = User.objects.get(email="li@example.org")
    assert response["Location"] == f"{PEOPLE}{person.pk}/change/"
    assert (person.role, person.language) == ("manager", "zh-hans")
    assert person.check_password("harbour-violin-73")
    assert verbs() == ["user.created"]


def test_person_may_choose_the_password_themselves(client, admin):
    without = NEW | {"usable_password": "false", "password1": "", "password2": ""}

    client.post(f"{PEOPLE}add/", without)

    assert not User.objects.get(email="li@example.org").has_usable_password()


@pytest.mark.parametrize(
    "change",
    [
        {"email": "taken@example.org"},
        {"password1": "short", "password2": "short"},
        {"time_zone": "Mars/Base"},
    ],
)
def test_person_is_not_let_in_on_bad_input(client, admin, change):
    UserFactory(email="taken@example.org")

    assert client.post(f"{PEOPLE}add/", NEW | change).status_code == 200
    assert verbs() == []


def test_change_of_role_is_recorded_and_ends_sessions(client, admin, sign_in_as):
    person = UserFactory(manager=True)
    other = type(client)()
    sign_in_as(person, to=other)

    client.post(f"{PEOPLE}{person.pk}/change/", form_of(person, role="staff"))

    person.refresh_from_db()
    assert person.role == "staff"
    assert verbs()[-1] == "user.changed"
    assert other.get("/profile/").status_code == 302


@pytest.mark.parametrize("change", [{"role": "staff"}, {"is_active": None}])
def test_last_administrator_is_kept_with_a_sentence(client, admin, change):
    response = client.post(f"{PEOPLE}{admin.pk}/change/", form_of(admin, **change))

    assert "This is the last administrator." in response.content.decode()
    admin.refresh_from_db()
    assert admin.role == User.Role.ADMIN
    assert admin.is_active


def test_people_are_not_deleted(client, admin):
    person = UserFactory()

    assert client.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(PEOPLE, {"action": "delete_selected", "_selected_action": person.pk})
    assert User.objects.filter(pk=person.pk).exists()


def test_new_password_by_the_administrator_ends_sessions(client, admin, sign_in_as):
    person = UserFactory()
    other = type(client)()
    sign_in_as(person, to=other)
    path = f"{PEOPLE}{person.pk}/password/"
    assert client.get(path).status_code == 200

    refused = client.post(path, {"password1": "x", "password2": "x", "usable_password": "true"})
    client.post(
        path,
        {"password1": "harbour-violin-73", "password2": "harbour-violin-73"}
        | {"usable_password": "true", "set-password": "1"},
    )

    assert refused.status_code == 200
    assert verbs()[-1] == "user.password_set"
    assert verbs().count("user.password_set") == 1
    assert other.get("/profile/").status_code == 302
    person.refresh_from_db()
    assert person.check_password("harbour-violin-73")


def test_password_of_nobody_is_not_found(client, admin):
    assert client.get(f"{PEOPLE}0/password/").status_code == 404


def test_actions_help_a_person_who_lost_the_phone(client, admin, sign_in_as):
    person = UserFactory()
    other = type(client)()
    sign_in_as(person, to=other)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})

    for action in ("end_their_sessions", "remove_their_second_factor"):
        client.post(PEOPLE, {"action": action, "_selected_action": [person.pk]})

    assert other.get("/profile/").status_code == 302
    assert not Authenticator.objects.filter(user=person).exists()
    assert verbs()[-2:] == ["session.ended", "user.second_factor_removed"]


# Read-only rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("accounts/auditevent", lambda: AuditEvent.objects.create(verb="x", target_type="y")),
        ("accounts/jobrun", lambda: JobRun.objects.create(name="x", started_at="2026-01-01T00Z")),
        ("notifications/message", MessageFactory),
    ],
)
def test_rows_that_the_product_writes_are_read_only(client, admin, path, make):
    row = make()

    assert client.get(f"/admin/{path}/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/{path}/{row.pk}/change/", {"verb": "y"}).status_code == 403
    assert client.post(f"/admin/{path}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"/admin/{path}/add/").status_code == 403
    assert type(row).objects.filter(pk=row.pk).exists()


def test_text_of_messages_stays_private(client, admin):
    message = MessageFactory(body="between the two of us")

    page = client.get(f"/admin/notifications/message/{message.pk}/change/").content.decode()

    assert message.subject in page
    assert "between the two" not in page


def test_given_up_messages_are_sent_again(
    client, admin, mailoutbox, django_capture_on_commit_callbacks
):
    parked = MessageFactory(state=Message.State.PARKED, attempts=5)
    sent = MessageFactory(state=Message.State.SENT)

    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(
            "/admin/notifications/message/",
            {"action": "send_again", "_selected_action": [parked.pk, sent.pk]},
            follow=True,
        )

    assert "1 message will be sent." in page.content.decode()
    assert [mail.to for mail in mailoutbox] == [[parked.recipient.email]]


def test_administrators_password_is_not_on_the_page(client, admin):
    page = client.get(f"{PEOPLE}{admin.pk}/change/").content.decode()

    assert admin.password not in page
    assert PASSWORD not in page
