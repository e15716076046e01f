import datetime as dt
import uuid

import pytest
from django.core.exceptions import ValidationError

from projects.models import Task
from projects.selectors.quick_add import read_line
from projects.services.quick_add import add_from_line
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.projects import LabelFactory

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 11, 23)


@pytest.fixture
def team(project, actor):
    """Lin Wei leads; Lin Hao, 林薇 and Chen Yu are members."""
    people = {"lin": actor}
    for key, name in (("hao", "Lin Hao"), ("wei", "林薇"), ("chen", "Chen Yu")):
        people[key] = UserFactory(name=name, email=f"{key}@example.org")
        grant(people[key], "member", project)
    return people


def read(line, project):
    return read_line(line, project, today=MONDAY)


def test_line_says_a_whole_task(project, team):
    label = LabelFactory(project=project, name="Service")

    found = read("Call Anna @chen #service !high 12/2", project)

    assert found.title == "Call Anna"
    assert found.assignee == team["chen"]
    assert found.labels == [label]
    assert found.priority == Task.Priority.HIGH
    assert found.due_on == dt.date(2026, 12, 2)
    assert (found.new_labels, found.problems) == ([], [])


def test_chinese_line_needs_no_blanks(project, team):
    label = LabelFactory(project=project, name="服务")

    found = read("给安娜打电话@林薇 #服务 !紧急 12月2日", project)

    assert (found.title, found.assignee) == ("给安娜打电话", team["wei"])
    assert (found.labels, found.priority) == ([label], Task.Priority.URGENT)
    assert found.due_on == dt.date(2026, 12, 2)


def test_full_width_markers_and_date_in_front(project, team):
    found = read("明天给安娜打电话＠林薇！高", project)

    assert (found.title, found.assignee) == ("给安娜打电话", team["wei"])
    assert (found.priority, found.due_on) == (Task.Priority.HIGH, dt.date(2026, 11, 24))


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("today", (2026, 11, 23)),
        ("tomorrow", (2026, 11, 24)),
        ("今天", (2026, 11, 23)),
        ("明天", (2026, 11, 24)),
        ("后天", (2026, 11, 25)),
        ("12/2", (2026, 12, 2)),
        ("25/12", (2026, 12, 25)),
        ("11/23", (2026, 11, 23)),
        ("1/2", (2027, 1, 2)),
        ("2/29", (2028, 2, 29)),
        ("12月2日", (2026, 12, 2)),
        ("3月1号", (2027, 3, 1)),
        ("2026-12-02", (2026, 12, 2)),
        ("fri", (2026, 11, 27)),
        ("Friday", (2026, 11, 27)),
        ("mon", (2026, 11, 30)),
        ("周五", (2026, 11, 27)),
        ("星期日", (2026, 11, 29)),
        ("周天", (2026, 11, 29)),
        ("下周一", (2026, 11, 30)),
        ("下周五", (2026, 12, 4)),
    ],
)
@pytest.mark.parametrize("line", ["Call Anna {}", "{} Call Anna"])
def test_date_words_at_either_end(project, line, word, day):
    found = read(line.format(word), project)

    assert (found.title, found.due_on) == ("Call Anna", dt.date(*day))


@pytest.mark.parametrize(
    "line",
    [
        "Read pages 1/2 and 3",
        "Mail anna@example.org",
        "Wow! great",
        "Say !important things",
        "Call 13/45",
        "Pay 2026-13-40",
        "C# course",
        "Prepare Friday meeting",
        "Call 0/0",
    ],
)
def test_figures_and_signs_inside_a_title_stay(project, line):
    found = read(line, project)

    assert (found.title, found.due_on, found.problems) == (line, None, [])


def test_last_marker_wins_and_repeats_count_once(project, team):
    label = LabelFactory(project=project, name="Care")

    found = read("Call #care #Care #new #new !low !urgent", project)

    assert (found.labels, found.new_labels) == ([label], ["new"])
    assert found.priority == Task.Priority.URGENT


@pytest.mark.parametrize(
    ("word", "who"),
    [
        ("lin", None),
        ("linwei", "lin"),
        ("lin@example.org", "lin"),
        ("wei", "lin"),
        ("ha", "hao"),
        ("CHEN", "chen"),
        ("林", "wei"),
        ("yu", "chen"),
    ],
)
def test_person_is_found_by_any_part_of_the_name(project, team, word, who):
    team["wei"].email = "v@example.org"
    team["wei"].save()
    team["lin"].email = "lead@example.org" if word == "lin" else "lin@example.org"
    team["lin"].save()

    found = read(f"Call @{word}", project)

    if who:
        assert found.assignee == team[who]
    else:
        assert found.assignee is None
        assert "may be Lin Hao, Lin Wei" in found.problems[0]


def test_unknown_person_is_a_sentence_and_strangers_are_unknown(project):
    UserFactory(name="Omar")

    assert read("Call @omar", project).problems == ["Nobody in this project is called “@omar”."]


def test_label_is_found_by_its_beginning_when_only_one_fits(project):
    LabelFactory(project=project, name="Service desk")
    LabelFactory(project=project, name="Systems")

    assert [label.name for label in read("A #serv", project).labels] == ["Service desk"]
    assert read("A #s", project).new_labels == ["s"]
    assert [label.name for label in read("A #servicedesk", project).labels] == ["Service desk"]


@pytest.mark.parametrize("line", ["", "   ", "#care", "tomorrow", "@"])
def test_line_without_words_asks_what_is_to_be_done(project, line):
    found = read(line, project)

    assert found.problems == [] if line == "@" else ["Say what is to be done."]


def test_add_from_line_saves_what_was_shown(project, actor):
    label = LabelFactory(project=project, name="Care")

    task = add_from_line(actor=actor, project=project, text="Call Anna @lin #care !low 2027-01-05")

    assert (task.title, task.assignee, task.due_on) == ("Call Anna", actor, dt.date(2027, 1, 5))
    assert list(task.labels.all()) == [label]
    assert task.priority == Task.Priority.LOW


def test_add_from_line_creates_labels_only_when_told(project, actor):
    with pytest.raises(ValidationError, match="no label “care” yet"):
        add_from_line(actor=actor, project=project, text="Call #care")
    assert not project.labels.exists()

    task = add_from_line(actor=actor, project=project, text="Call #care", create_labels=True)

    assert [label.name for label in task.labels.all()] == ["care"]


def test_add_from_line_refuses_problems_and_saves_nothing(project, actor):
    with pytest.raises(ValidationError, match="Nobody in this project"):
        add_from_line(actor=actor, project=project, text="Call @nobody #new", create_labels=True)

    assert not project.tasks.exists()
    assert not project.labels.exists()


def test_add_from_line_sent_twice_makes_one(project, actor):
    key = uuid.uuid4()

    first = add_from_line(actor=actor, project=project, text="Call", key=key)
    second = add_from_line(actor=actor, project=project, text="Call", key=key)

    assert first == second
