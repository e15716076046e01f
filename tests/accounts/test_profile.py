import datetime as dt

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.services import change_preferences
from core.network import UNKNOWN, client_address
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

NEW = {"name": "Li Na", "language": "zh-hans", "time_zone": "Asia/Shanghai", "theme": "dark"}


def test_profile_takes_effect_at_once(client):
    user = UserFactory()
    client.force_login(user)
    assert 'lang="en"' in client.get("/profile/").content.decode()

    response = client.post("/profile/", NEW, follow=True)

    page = response.content.decode()
    assert 'lang="zh-hans"' in page
    assert 'data-bs-theme="dark"' in page
    assert response["Content-Language"] == "zh-hans"
    user.refresh_from_db()
    assert [getattr(user, name) for name in NEW] == list(NEW.values())
    event = AuditEvent.objects.get(verb="user.changed")
    assert event.actor == user
    assert event.changes["language"] == ["en", "zh-hans"]


def test_profile_keeps_what_was_typed_when_it_is_refused(client):
    user = UserFactory(name="Before")
    client.force_login(user)

    response = client.post("/profile/", NEW | {"name": "", "time_zone": "Atlantis"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose a time zone from the list" in page
    assert 'value="Atlantis"' in page
    assert 'lang="en"' in page
    user.refresh_from_db()
    assert user.name == "Before"


def test_profile_answers_htmx_with_the_part_of_the_full_page(client):
    client.force_login(UserFactory())
    full = client.get("/profile/").content.decode()
    part = client.get("/profile/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in part
    assert '<div id="profile-form"' in part
    assert '<div id="profile-form"' in full


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("shanghai", "Asia/Shanghai"),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        (" UTC ", "UTC"),
    ],
)
def test_time_zone_is_found_by_its_city(client, typed, stored):
    user = UserFactory(time_zone="Africa/Cairo")
    client.force_login(user)

    assert client.post("/profile/", NEW | {"time_zone": typed}).status_code == 302
    user.refresh_from_db()
    assert user.time_zone == stored


@pytest.mark.parametrize("field", ["role", "email", "is_staff", "is_superuser", "is_active"])
def test_profile_changes_nothing_else(client, field):
    user = UserFactory()
    client.force_login(user)
    before = User.objects.filter(pk=user.pk).values(field).get()

    client.post("/profile/", NEW | {field: "admin", "password": "x"})

    assert User.objects.filter(pk=user.pk).values(field).get() == before


def test_times_are_shown_in_the_persons_zone(client, rf):
    seen = []

    def view(request):
        seen.append(timezone.localtime(dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)).hour)

    user = UserFactory(chinese=True)
    client.force_login(user)
    client.get("/profile/")
    with timezone.override(user.zone):
        view(None)

    assert seen == [12]
    assert timezone.get_current_timezone_name() == "UTC", "left as it was found"


def test_unknown_zone_in_the_database_reads_as_utc():
    assert str(UserFactory(time_zone="Mars/Base").zone) == "UTC"


def test_change_preferences_twice_is_recorded_once():
    user = UserFactory()

    change_preferences(user=user, theme="dark")
    change_preferences(user=user, theme="dark")

    assert AuditEvent.objects.filter(verb="user.changed").count() == 1


def test_change_preferences_refuses_other_fields():
    with pytest.raises(TypeError, match="role"):
        change_preferences(user=UserFactory(), role="admin")


# Language and theme ------------------------------------------------------------------------------


def test_language_is_stored_for_people_and_kept_for_the_sign_in_page(client):
    user = UserFactory()
    client.force_login(user)

    response = client.post("/language/", {"language": "zh-hans", "next": "/inbox/?page=2"})

    assert response["Location"] == "/inbox/?page=2"
    user.refresh_from_db()
    assert user.language == "zh-hans"
    client.logout()
    client.cookies = response.cookies
    assert 'lang="zh-hans"' in client.get("/accounts/login/").content.decode()


def test_language_works_before_sign_in(client):
    client.post("/language/", {"language": "zh-hans"})

    assert 'lang="zh-hans"' in client.get("/accounts/login/").content.decode()


def test_theme_works_before_sign_in_and_is_checked(client):
    client.post("/theme/", {"theme": "dark"})

    assert 'data-bs-theme="dark"' in client.get("/accounts/login/").content.decode()
    client.cookies["theme"] = '"><script>'
    assert "<script>" not in client.get("/accounts/login/").content.decode()


def test_theme_is_stored_for_people(client):
    user = UserFactory()
    client.force_login(user)

    response = client.post("/theme/", {"theme": "dark"}, headers={"HX-Request": "true"})

    assert response.status_code == 204
    user.refresh_from_db()
    assert user.theme == "dark"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/language/", {"language": "tlh"}),
        ("/language/", {}),
        ("/theme/", {"theme": "pink"}),
    ],
)
def test_unknown_choice_is_refused(client, path, data):
    assert client.post(path, data).status_code == 400


@pytest.mark.parametrize("path", ["/language/", "/theme/"])
def test_choices_need_a_post_with_the_token(path):
    assert Client().get(path).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path, {"language": "en", "theme": "dark"}).status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_choice_leads_back_to_this_site_only(client, target):
    response = client.post(
        "/language/", {"language": "en", "next": target}, headers={"Referer": target}
    )

    assert response["Location"] == "/"


def test_choice_leads_back_to_the_page_it_stood_on(client):
    referer = {"Referer": "http://testserver/accounts/login/?next=/inbox/"}

    response = client.post("/language/", {"language": "en"}, headers=referer)

    assert response["Location"].endswith("/accounts/login/?next=/inbox/")


# Around every page -------------------------------------------------------------------------------


def test_pages_of_people_are_kept_by_no_cache(client):
    client.force_login(UserFactory())

    assert "no-store" in client.get("/profile/")["Cache-Control"]


def test_page_loads_the_person_once(client, django_assert_num_queries):
    client.force_login(UserFactory())
    client.get("/theme/")

    with django_assert_num_queries(2):  # session, person
        client.get("/theme/")


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "address"),
    [
        (0, "192.0.2.1", "10.0.0.1", "192.0.2.1"),
        (1, "127.0.0.1", "10.0.0.1, 192.0.2.5", "192.0.2.5"),
        (2, "127.0.0.1", "10.0.0.1, 192.0.2.5, 192.0.2.6", "192.0.2.5"),
        (2, "192.0.2.1", "192.0.2.6", "192.0.2.1"),
        (1, "192.0.2.1", "", UNKNOWN),
        (1, "192.0.2.1", "<script>", UNKNOWN),
        (0, "", "", UNKNOWN),
        (0, "2001:db8::1", "", "2001:db8::1"),
    ],
)
def test_address_is_the_one_that_our_proxies_saw(settings, proxies, remote, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == address
