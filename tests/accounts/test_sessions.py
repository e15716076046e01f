import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from accounts import services
from accounts.clients import client_name
from accounts.models import AuditEvent
from accounts.selectors import sessions_of
from accounts.tasks import purge_expired
from notifications.models import Message
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


def signed_in(client):
    return client.get("/profile/").status_code == 200


@pytest.fixture
def elsewhere(sign_in_as):
    """`elsewhere(user)`: another browser in which the person is signed in."""

    def sign_in(user, user_agent=SAFARI):
        other = Client(headers={"user-agent": user_agent})
        assert sign_in_as(user, to=other).status_code == 302
        return other

    return sign_in


def test_page_lists_where_a_person_is_signed_in(client, sign_in_as, elsewhere):
    user = UserFactory()
    elsewhere(user)
    elsewhere(UserFactory(), "Mozilla/5.0 (Windows NT 10.0) Edg/140.0")
    sign_in_as(user, HTTP_USER_AGENT=FIREFOX)

    page = client.get("/profile/security/").content.decode()

    assert page.index("Firefox, Linux") < page.index("Safari, iPhone")
    assert "Edge" not in page
    assert "From 127.0.0.1, since" in page
    assert page.count("/end/") == 1, "no button to end the session one is in"


def test_one_session_is_ended(client, sign_in_as, elsewhere):
    user = UserFactory()
    other, third = elsewhere(user), elsewhere(user)
    sign_in_as(user)
    row = UserSession.objects.get(session_key=other.session.session_key)

    response = client.post(f"/profile/sessions/{row.pk}/end/")

    assert response["Location"] == "/profile/security/"
    assert not signed_in(other)
    assert signed_in(third)
    assert signed_in(client)
    event = AuditEvent.objects.get(verb="session.ended")
    assert (event.actor, event.target_id) == (user, str(user.pk))


def test_ending_a_session_twice_is_recorded_once(elsewhere):
    user = UserFactory()
    elsewhere(user)
    row = UserSession.objects.get()

    assert services.end_session(session=row, actor=user) is True
    assert services.end_session(session=row, actor=user) is False
    assert AuditEvent.objects.filter(verb="session.ended").count() == 1


def test_all_other_sessions_are_ended(client, sign_in_as, elsewhere):
    user, stranger = UserFactory(), UserFactory()
    others = [elsewhere(user), elsewhere(user)]
    strangers = elsewhere(stranger)
    sign_in_as(user)

    page = client.post("/profile/sessions/end-others/", follow=True)

    assert "Signed out in 2 places." in page.content.decode()
    assert not any(signed_in(each) for each in others)
    assert signed_in(client)
    assert signed_in(strangers)
    client.post("/profile/sessions/end-others/")
    assert AuditEvent.objects.filter(verb="session.ended").count() == 1


def test_somebody_elses_session_is_not_found(client, sign_in_as, elsewhere):
    victim = elsewhere(UserFactory())
    row = UserSession.objects.get()
    sign_in_as(UserFactory(admin=True))

    assert client.post(f"/profile/sessions/{row.pk}/end/").status_code == 404
    assert signed_in(victim)


@pytest.mark.parametrize("path", ["/profile/sessions/end-others/", "/profile/sessions/1/end/"])
def test_sessions_end_by_post_only(client, sign_in_as, path):
    sign_in_as(UserFactory())

    assert client.get(path).status_code == 405


def test_changing_the_password_ends_the_other_sessions(client, sign_in_as, elsewhere):
    user = UserFactory()
    other = elsewhere(user)
    sign_in_as(user)
    new = "harbour-violin-73"

    response = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    assert response["Location"] == "/profile/"
    assert "Your password is changed." in client.get("/profile/").content.decode()
    assert not signed_in(other)
    assert [row.is_current for row in sessions_of(user, client.session.session_key)] == [True]
    assert AuditEvent.objects.filter(verb="user.password_changed", actor=user).count() == 1
    assert Message.objects.get(recipient=user).kind == "user.password_changed"


def test_password_change_wants_the_present_one_and_two_equal_new_ones(client, sign_in_as):
    user = UserFactory()
    sign_in_as(user)
    change = "/accounts/password/change/"
    new = {"password1": "harbour-violin-73", "password2": "harbour-violin-73"}

    wrong = client.post(change, new | {"oldpassword": "nonsense"})
    unequal = client.post(change, new | {"oldpassword": PASSWORD, "password2": "harbour-7"})

    assert "This is not your password." in wrong.content.decode()
    assert unequal.status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_password_change_is_throttled(client, sign_in_as):
    sign_in_as(UserFactory())
    wrong = {"oldpassword": "no", "password1": "x" * 12, "password2": "x" * 12}

    answers = [client.post("/accounts/password/change/", wrong).status_code for _ in range(6)]

    assert answers[-1] == 429


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"role": "staff"}, {"role": "admin"}, {"email": "new@example.org"}],
)
def test_change_of_access_ends_every_session_at_once(elsewhere, change):
    admin, user = UserFactory(admin=True), UserFactory(manager=True)
    browser = elsewhere(user)
    assert signed_in(browser)

    services.update_person(person=user, actor=admin, **change)

    assert not signed_in(browser)
    assert not UserSession.objects.filter(user=user).exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "staff"}, {"password": "!"}])
def test_session_that_nobody_recorded_dies_as_well(client, change):
    user = UserFactory(manager=True)
    client.force_login(user)
    assert signed_in(client)

    type(user).objects.filter(pk=user.pk).update(**change)

    assert not signed_in(client)


def test_rename_leaves_people_signed_in(elsewhere):
    user = UserFactory()
    browser = elsewhere(user)

    services.update_person(person=user, actor=UserFactory(admin=True), name="Li Na")

    assert signed_in(browser)


def test_session_survives_a_new_key_of_the_installation(client, sign_in_as, settings):
    sign_in_as(UserFactory())

    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert signed_in(client)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 MicroMessenger/8", "WeChat, Android"),
        ("curl/8.1", "curl"),
        ("", ""),
    ],
)
def test_browser_is_named_in_two_words(user_agent, name):
    assert client_name(user_agent) == name


def test_expired_sessions_are_purged(elsewhere):
    gone, kept = elsewhere(UserFactory()), elsewhere(UserFactory())
    Session.objects.filter(session_key=gone.session.session_key).update(
        expire_date="2020-01-01T00:00Z"
    )

    assert purge_expired() == 1
    assert purge_expired() == 0
    assert [row.session_key for row in UserSession.objects.all()] == [kept.session.session_key]
