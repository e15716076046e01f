import datetime as dt
import re
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template import Context, Template
from django.urls import get_resolver
from django.utils import timezone, translation

from core.templatetags import ui
from core.templatetags.statuses import LOOKS
from tests.factories.accounts import UserFactory
from tests.sources import templates

TODAY = dt.date(2026, 11, 23)


def draw(text, rf=None, path="/", **context):
    if rf:
        context["request"] = rf.get(path)
    return Template(text).render(Context(context))


# People ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("Lin Wei", "LW"),
        ("Ana María de la Cruz", "AC"),
        ("Otto", "OT"),
        ("林薇", "林"),
        ("海港重点客户群", "海"),
        ("", "?"),
    ],
)
def test_initials_suit_the_script_of_the_name(name, sign):
    assert ui.initials(name) == sign


def test_avatar_names_the_person_for_those_who_cannot_see_it():
    html = draw("{% avatar person 'sq' %}", person="Lin Wei")

    assert 'aria-label="Lin Wei"' in html
    assert 'title="Lin Wei"' in html
    assert html == draw("{% avatar person 'sq' %}", person="Lin Wei")


def test_avatar_of_nobody_says_so():
    assert "Nobody yet" in draw("{% avatar person %}", person=None)


def test_avatar_escapes_a_hostile_name():
    assert "<script" not in draw("{% avatar person %}", person='<script>"x')


def test_avatars_count_those_they_leave_out():
    html = draw("{% avatars people %}", people=["A", "B", "C", "D", "E", "F"])

    assert html.count('class="av') == 5
    assert "+2" in html
    assert 'title="E, F"' in html
    assert "+" not in draw("{% avatars people %}", people=["A"])


# Rights and addresses ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_can_asks_for_the_right(rf):
    text = "{% can 'clientgroups.create' as may %}{{ may }}"

    assert draw(text, user=UserFactory(manager=True)) == "True"
    assert draw(text, user=UserFactory()) == "False"


@pytest.mark.django_db
def test_can_finds_the_person_in_the_request(rf):
    request = rf.get("/")
    request.user = UserFactory(admin=True)

    assert draw("{% can 'projects.edit' row as may %}{{ may }}", request=request, row=object()) == (
        "True"
    )


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ("page=2", "?q=a&amp;page=2"),
        ("q='b'", "?q=b"),
        ("q=None", "?"),
        ("sort='-due'", "?q=a&amp;sort=-due"),
    ],
)
def test_qs_changes_the_query_and_opens_page_one(rf, changes, result):
    assert draw(f"{{% qs {changes} %}}", rf, "/?q=a&page=7") == result


@pytest.mark.parametrize(
    ("sort", "aria", "link"),
    [
        ("", "", "?sort=due"),
        ("due", "ascending", "?sort=-due"),
        ("-due", "descending", "?sort=due"),
    ],
)
def test_sort_head_says_how_it_is_sorted_and_turns_it(rf, sort, aria, link):
    html = draw("{% sort_th 'due' 'Due' cls='num' %}", rf, f"/?sort={sort}" if sort else "/")

    assert (f'aria-sort="{aria}"' in html) == bool(aria)
    assert f'href="{link}"' in html


def test_nav_link_marks_the_page_it_leads_to(rf):
    text = "{% nav_link 'reports:search' label='Search' count=3 keys='g x' %}"

    here, there = draw(text, rf, "/search/?q=a"), draw(text, rf, "/")

    assert 'aria-current="page"' in here
    assert 'aria-current="page"' not in there
    assert '<span class="cnt ">3</span>' in there
    assert 'data-hotkey="g x"' in there


def test_nav_link_to_the_root_is_not_on_everywhere(rf):
    assert "aria-current" not in draw("{% nav_link 'reports:today' label='O' %}", rf, "/search/")


# Signs of a state --------------------------------------------------------------------------------


def test_every_state_has_tone_icon_and_word():
    for tone, icon, word in LOOKS.values():
        assert tone in {"ok", "risk", "late", "info", "done", "violet"}
        assert icon
        assert str(word)


def test_status_badge_prefers_the_word_of_the_page():
    assert "On track" in draw("{% status_badge 'on_track' %}")
    assert "Fine" in draw("{% status_badge 'on_track' 'Fine' %}")


def test_status_badge_shows_a_state_that_nobody_described():
    assert "half baked" in draw("{% status_badge 'half_baked' %}")


def test_badge_needs_no_icon():
    assert draw("{% badge 'New' tone='info' %}") == '<span class="st info">New</span>'


def test_label_is_escaped():
    label = SimpleNamespace(name="<b>", colour="teal")

    assert draw("{% label_chip label %}", label=label) == '<span class="lb teal">&lt;b&gt;</span>'


def test_priority_is_said_in_words_only_when_it_matters():
    assert "Urgent" in draw("{% priority 'urgent' %}")
    assert "High priority" in draw("{% priority 'high' %}")
    assert draw("{% priority 'normal' %}") == ""


def test_due_says_overdue_in_words(time_machine):
    time_machine.move_to("2026-11-23T12:00Z")
    yesterday, tomorrow = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)

    assert "Overdue:" in draw("{% due day %}", day=yesterday)
    assert "Overdue:" not in draw("{% due day done=True %}", day=yesterday)
    assert "Overdue:" not in draw("{% due day %}", day=TODAY)
    assert 'datetime="2026-11-24"' in draw("{% due day %}", day=tomorrow)
    assert draw("{% due day %}", day=None) == ""


def test_progress_without_a_value_is_a_dash():
    html = draw("{% progress value %}", value=None)

    assert "–" in html
    assert "<progress" not in html


@pytest.mark.parametrize(("value", "shown"), [(-5, 0), (63.6, 64), (140, 100)])
def test_progress_stays_between_none_and_all(value, shown):
    assert f"<b>{shown}%</b>" in draw("{% progress value tone='at_risk' %}", value=value)


# Scores ------------------------------------------------------------------------------------------


def score(**changes):
    seen = {"score": 81.2, "n": 214, "low": 79.3, "high": 83.1, "metric": "csat"}
    return seen | {"computed_at": timezone.now()} | changes


def test_score_stands_with_interval_number_and_day():
    html = draw("{% score s unit='%' %}", s=score())

    assert "81.2%" in html
    assert "±1.9" in html
    assert "n = 214" in html
    assert "as of" in html


def test_compact_score_keeps_its_interval():
    html = draw("{% score s 'compact' %}", s=SimpleNamespace(**score()))

    assert "±1.9" in html
    assert "n = 214" not in html


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "–"),
        (score(score=None), "–"),
        (score(n=4), "Hidden: fewer than 5 answers"),
        (score(n=8), "Too few to compare (8 answers)"),
        (score(n=40, low=50, high=95), "Too few to compare (40 answers)"),
        (score(n=40, metric="ces", score=5, low=3, high=6.5), "Too few to compare"),
    ],
)
def test_score_that_says_little_shows_no_figure(found, words):
    html = draw("{% score s %}", s=found)

    assert words in html
    assert "<b>" not in html


# The rest ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "url"),
    [("undo:/tasks/1/undo/", "/tasks/1/undo/"), ("undo://evil", "//evil"), ("", ""), (None, "")],
)
def test_undo_of_a_message_stays_on_this_site(tags, url):
    message = Message(25, "Moved", extra_tags=tags)

    assert ui.undo_url(message) == ("" if url.startswith("//") else url)


def test_page_numbers_leave_out_the_middle():
    page = Paginator(range(500), 10).page(25)

    assert ui.page_numbers(page) == [1, "…", 24, 25, 26, "…", 50]


def test_icon_is_hidden_from_screen_readers():
    html = draw("{% icon 'plus' 'cv' %}")

    assert 'aria-hidden="true"' in html
    assert "sprite.svg#plus" in html


def test_filters_write_numbers_in_the_language_of_the_reader():
    text = "{{ 486000|compact_money:'CNY' }} {{ 0.5|percent }} {{ none|money }}"

    with translation.override("zh-hans"):
        assert draw(text, none=None) == "¥48.6万 50% –"


def test_nobody_may_anything():
    assert draw("{% can 'reports.view' as may %}{{ may }}", user=AnonymousUser()) == "False"


def test_every_address_in_the_templates_exists():
    named = {
        (name, path)
        for path, text in templates().items()
        for name in re.findall(r"{% (?:url|nav_link) [\"']([\w:-]+)[\"']", text)
    }
    known = set(all_names(get_resolver().url_patterns))

    assert {(name, path) for name, path in named if name not in known} == set()


def all_names(patterns, prefix=""):
    for entry in patterns:
        if hasattr(entry, "url_patterns"):
            space = f"{entry.namespace}:" if entry.namespace else ""
            yield from all_names(entry.url_patterns, prefix + space)
        elif entry.name:
            yield prefix + entry.name
