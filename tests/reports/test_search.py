import pytest
from django.urls import reverse

from reports.search import find, find_key, mark
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ClientGroupFactory
from tests.factories.feedback import SurveyFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return UserFactory(admin=True)


def titles(found):
    return {kind: [hit.title for hit in hits] for kind, hits in found.items()}


@pytest.mark.parametrize(
    "typed", ["食品", "海港", "海港食品", "品", "harbour", "HARB", "海港 foods"]
)
def test_search_finds_words_and_pieces_of_chinese_names(admin, typed):
    ClientFactory(name="海港食品有限公司 Harbour Foods")
    ClientFactory(name="云栖书店")

    assert titles(find(user=admin, text=typed)) == {"client": ["海港食品有限公司 Harbour Foods"]}


@pytest.mark.parametrize("typed", ["", "   ", "!?", "鸭子", "harbor street"])
def test_search_finds_nothing_without_a_match(admin, typed):
    ClientFactory(name="海港食品 Harbour Foods")

    assert find(user=admin, text=typed) == {}


def test_search_looks_at_every_kind(admin):
    group = ClientGroupFactory(name="Orchard group")
    project = ProjectFactory(client_group=group, name="Orchard project")
    TaskFactory(project=project, title="Orchard task")
    GoalFactory(project=project, statement="Orchard goal")
    SurveyFactory(client_group=group, name="Orchard survey")
    ClientFactory(name="Orchard Ltd")

    found = find(user=admin, text="orchard")

    assert list(found) == ["client", "group", "project", "task", "goal", "survey"]
    assert all(hit.url for hits in found.values() for hit in hits)


def test_search_shows_only_visible_rows(sign_in):
    mine, other = ProjectFactory(name="Plum mine"), ProjectFactory(name="Plum other")
    TaskFactory(project=mine, title="Plum here")
    TaskFactory(project=other, title="Plum there")
    user = sign_in("viewer", mine)

    found = titles(find(user=user, text="plum"))

    assert found == {"project": ["Plum mine"], "task": ["Plum here"]}


def test_search_finds_a_client_by_customer_number(admin):
    ClientFactory(name="Larkfield", external_id="00417")

    assert titles(find(user=admin, text="00417")) == {"client": ["Larkfield"]}


def test_search_puts_titles_that_start_with_the_words_first(admin):
    project = ProjectFactory()
    for title in ("Call about tea", "Tea for two", "The tea list"):
        TaskFactory(project=project, title=title)

    assert titles(find(user=admin, text="tea"))["task"][0] == "Tea for two"


def test_search_leaves_archived_tasks_out(admin):
    task = TaskFactory(title="Walnut")
    type(task).objects.filter(pk=task.pk).update(archived_at=task.created_at)

    assert find(user=admin, text="walnut") == {}


def test_search_sends_one_query(admin, django_assert_num_queries):
    TaskFactory(title="Pear")

    with django_assert_num_queries(1):
        find(user=admin, text="pear")


def test_task_key_jumps_to_the_task(sign_in):
    task = TaskFactory(project__key="HR")
    user = sign_in("viewer", task.project)

    assert find_key(user=user, text=f" hr-{task.number} ").url == task.get_absolute_url()
    assert find_key(user=user, text="hr-99999") is None
    assert find_key(user=user, text="harbour") is None


def test_task_key_of_another_project_is_not_found(sign_in):
    task = TaskFactory(project__key="HR")
    outsider = sign_in("outsider")

    assert find_key(user=outsider, text=f"HR-{task.number}") is None


@pytest.mark.parametrize(
    ("text", "words", "pieces"),
    [
        ("Tea time", ["tea"], [("Tea", True), (" time", False)]),
        ("a.b", ["."], [("a", False), (".", True), ("b", False)]),
        ("plain", [], [("plain", False)]),
        ("end tea", ["tea"], [("end ", False), ("tea", True)]),
    ],
)
def test_mark_cuts_a_text_into_pieces(text, words, pieces):
    assert mark(text, words) == pieces


HOSTILE = '<script>alert(1)</script> plum "><img src=x>'


@pytest.mark.parametrize("name", ["reports:search", "reports:palette"])
def test_hostile_names_are_shown_as_text(client, sign_in, name):
    ClientFactory(name=HOSTILE)
    sign_in("admin")

    body = client.get(reverse(name), {"q": "plum"}).text

    assert "<script>alert(1)" not in body
    assert "<img src=x" not in body
    assert "&lt;script&gt;" in body


@pytest.mark.parametrize(
    "typed",
    ["\x00", "'; DROP TABLE x; --", "a" * 5000, "\\", "&|!():*<->"],
    ids=["nul", "sql", "long", "backslash", "operators"],
)
def test_anything_may_be_typed(client, sign_in, typed):
    sign_in("outsider")

    assert client.get(reverse("reports:search"), {"q": typed}).status_code == 200
    assert client.get(reverse("reports:palette"), {"q": typed}).status_code == 200


def test_search_page_pages_through_one_kind(client, sign_in):
    for number in range(53):
        ClientFactory(name=f"Plum {number:02d}")
    sign_in("admin")

    first = client.get(reverse("reports:search"), {"q": "plum", "kind": "client"})
    second = client.get(reverse("reports:search"), {"q": "plum", "kind": "client", "page": 2})

    assert first.text.count('class="hit"') == 50
    assert second.text.count('class="hit"') == 3


def test_search_page_of_an_unknown_kind_shows_all(client, sign_in):
    ClientFactory(name="Plum")
    sign_in("admin")

    assert "Plum" in client.get(reverse("reports:search"), {"q": "plum", "kind": "nonsense"}).text


def test_search_page_says_that_nothing_was_found(client, sign_in):
    sign_in("outsider")

    assert "Nothing found" in client.get(reverse("reports:search"), {"q": "zzz"}).text


def test_palette_offers_commands_by_what_the_person_may_start(client, sign_in):
    sign_in("outsider")
    plain = client.get(reverse("reports:palette")).text
    sign_in("manager")
    manager = client.get(reverse("reports:palette")).text

    assert "New client group" not in plain
    assert "New client group" in manager


def test_palette_jumps_to_a_task_key(client, sign_in):
    task = TaskFactory(project__key="HR")
    sign_in("admin")

    body = client.get(reverse("reports:palette"), {"q": f"HR-{task.number}"}).text

    assert body.index(task.get_absolute_url()) < body.index("All results")
