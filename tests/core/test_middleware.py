import pytest
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from core import middleware
from core.middleware import FrontendMiddleware
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def ask(rf, response, *, htmx=True, text="", **attributes):
    request = rf.get("/", headers=HTMX if htmx else {})
    request.htmx = HtmxDetails(request)
    request.user = attributes.pop("user", None) or UserFactory()
    request._messages = CookieStorage(request)
    for name, value in attributes.items():
        setattr(request, name, value)
    if text:
        messages.success(request, text)
    return FrontendMiddleware(lambda _: response)(request)


# An ended session --------------------------------------------------------------------------------


def test_htmx_request_of_an_ended_session_opens_sign_in_and_comes_back(client):
    page = "http://testserver/search/?q=a"

    response = client.get(reverse("reports:palette"), headers=HTMX | {"HX-Current-URL": page})

    assert response.status_code == 204
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fsearch%2F%3Fq%3Da"
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("address", ["", "https://elsewhere.example/x"])
def test_ended_session_never_comes_back_to_another_site(client, address):
    response = client.get(reverse("reports:palette"), headers=HTMX | {"HX-Current-URL": address})

    assert response["HX-Redirect"] == "/accounts/login/?next=%2F"


def test_page_of_an_ended_session_redirects_as_ever(client):
    response = client.get(reverse("reports:search"))

    assert response.status_code == 302


def test_redirect_of_a_signed_in_person_stays(rf):
    answer = HttpResponseRedirect(reverse("account_login"))

    assert ask(rf, answer) is answer


def test_redirect_to_elsewhere_stays(rf):
    answer = HttpResponseRedirect("/elsewhere/")

    assert ask(rf, answer, user=AnonymousUser()) is answer


# Messages ----------------------------------------------------------------------------------------


def test_fragment_brings_its_message_along(rf):
    response = ask(rf, HttpResponse("<p>Moved</p>"), text="Moved <b>")

    body = response.content.decode()
    assert body.startswith("<p>Moved</p>")
    assert 'hx-swap-oob="beforeend"' in body
    assert "Moved &lt;b&gt;" in body


def test_fragment_with_errors_brings_its_message_along(rf):
    assert b"hx-swap-oob" in ask(rf, HttpResponse("<form>", status=422), text="No").content


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("<!doctype html><html>"),
        HttpResponse("{}", content_type="application/json"),
        HttpResponse(status=204),
        HttpResponse("x", headers={"HX-Redirect": "/"}),
        HttpResponse("x", headers={"HX-Refresh": "true"}),
    ],
)
def test_message_waits_for_the_next_page_when_nothing_shows_it(rf, response):
    before = response.content

    assert ask(rf, response, text="Later").content == before


def test_streamed_answer_is_left_alone(rf):
    response = StreamingHttpResponse(["a"])

    assert ask(rf, response, text="Later").getvalue() == b"a"


def test_fragment_without_message_is_left_alone(rf):
    assert ask(rf, HttpResponse("<p>")).content == b"<p>"


def test_page_shows_its_messages_itself(rf):
    assert ask(rf, HttpResponse("<p>"), htmx=False, text="Now").content == b"<p>"


# Places ------------------------------------------------------------------------------------------


def test_place_is_the_project_or_group_of_a_row():
    project, group = ProjectFactory(), ClientGroupFactory()

    assert middleware.place_of(project) == ("p", project.pk)
    assert middleware.place_of(group) == ("g", group.pk)
    assert middleware.place_of(TaskFactory(project=project)) == ("p", project.pk)
    assert middleware.place_of(UserFactory()) is None
    assert middleware.place_of(None) is None


def test_place_shown_is_remembered_and_signed(rf):
    response = ask(rf, HttpResponse("x"), htmx=False, shown_place=("p", 7))

    cookie = response.cookies["place"]
    assert cookie.value.startswith("p7:")
    assert cookie["httponly"]
    request = rf.get("/")
    request.COOKIES["place"] = cookie.value
    assert middleware.current_place(request) == ("p", 7)


def test_place_already_remembered_is_not_written_again(rf):
    cookie = ask(rf, HttpResponse("x"), htmx=False, shown_place=("g", 3)).cookies["place"].value
    rf.cookies.load({"place": cookie})

    assert not ask(rf, HttpResponse("x"), htmx=False, shown_place=("g", 3)).cookies
    assert ask(rf, HttpResponse("x"), htmx=False, shown_place=("p", 3)).cookies


def test_refused_page_is_not_remembered(rf):
    assert not ask(rf, HttpResponse(status=403), htmx=False, shown_place=("p", 7)).cookies


@pytest.mark.parametrize("value", ["p7", "p7:forged:signature", "", "x"])
def test_forged_place_counts_for_nothing(rf, value):
    request = rf.get("/")
    request.COOKIES["place"] = value

    assert middleware.current_place(request) is None


def test_signed_nonsense_counts_for_nothing(rf):
    response = HttpResponse()
    response.set_signed_cookie("place", "p7x", salt=middleware.PLACE_SALT)
    request = rf.get("/")
    request.COOKIES["place"] = response.cookies["place"].value

    assert middleware.current_place(request) is None


def test_place_of_the_page_wins_over_the_remembered_one(rf):
    project = ProjectFactory()
    request = rf.get("/")
    request.page_object = UserFactory()
    request.nav_project = project

    assert middleware.current_place(request) == ("p", project.pk)
