"""The audit trail speaks: every verb and every key that the code records has words."""

import ast
import datetime as dt
import re

import pytest
from django.apps import apps
from django.utils import timezone, translation

from accounts.audit import record
from accounts.models import AuditEvent
from accounts.permissions import ADMINISTRATOR, ALLOWED, MANAGER
from accounts.trail import changes_of, kind_of, label_of, sentence_of, verb_choices
from accounts.verbs import NAMES, SENTENCES
from clientgroups.models import ClientGroup, ServiceRequest
from projects.models import Goal, Task
from tests.factories.accounts import UserFactory
from tests.factories.projects import TaskFactory
from tests.sources import LAYERS, sources

VERB = re.compile(r"[a-z][a-z_]+\.[a-z_]+")
# Verbs that are put together while running: source of the expression -> what it can be.
COMPOSED = {
    "f'activity.{word}'": {"activity.asked", "activity.attended"},
    "f'{event.verb}_undone'": {
        "clients.archived_undone",
        "clients.grouped_undone",
        "clients.tagged_undone",
    },
}
# What looks like a verb in a module that records, and is another kind of name.
NO_VERBS = {
    "daily.amount": "a column",
    "daily.currency": "a column",
    "daily.day": "a column",
    "follow_up.due": "a kind of notice",
    "request.due_soon": "a kind of notice",
    "request.late": "a kind of notice",
}
RIGHTS = set().union(ADMINISTRATOR, MANAGER, *ALLOWED.values())
RECORDS = re.compile(r"\b(record|_record|_recorded|event_of|AuditEvent|AuditEvent\.\w+\.create)\(")
# Given to `record` as `**changes`; what they hold is seen only while running.
NO_KEYS = {"actor", "verb", "target", "target_type", "target_id", "target_label", "changes"}


def recording():
    """Path -> tree of each module that writes into the trail."""
    return {
        name: ast.parse(text)
        for name, text in sources(*LAYERS).items()
        if name not in ("accounts/audit.py", "accounts/verbs.py") and RECORDS.search(text)
        if "/migrations/" not in name and "/views/" not in name
    }


def helpers_of(name):
    """Modules beside it that pass verbs on to what it offers, as `services.requests.store`."""
    return name.rpartition("/")[0]


def used_verbs():
    """Every text that could be a verb, in modules that record or call those that do."""
    folders = {helpers_of(name) for name in recording()}
    found = set()
    for name, text in sources(*LAYERS).items():
        if helpers_of(name) not in folders or name == "accounts/verbs.py":
            continue
        tree = ast.parse(text)
        notices = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and node.arg in ("kind", "dedupe_key")
            for inner in ast.walk(node.value)
        }
        parts = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if id(node) not in notices | parts and VERB.fullmatch(node.value)
        }
    labels = {model._meta.label_lower for model in apps.get_models()}
    return {
        verb for verb in found - RIGHTS - labels - set(NO_VERBS) if verb.split(".")[0] not in LAYERS
    }


def composed():
    return {
        ast.unparse(node.value)
        for tree in recording().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "verb"
        if isinstance(node.value, ast.JoinedStr)
    }


def test_every_composed_verb_is_listed():
    assert composed() == set(COMPOSED)


def test_every_verb_in_the_code_has_a_sentence():
    assert sorted(used_verbs().union(*COMPOSED.values()) - set(SENTENCES)) == []


def test_every_sentence_has_a_verb_in_the_code():
    assert sorted(set(SENTENCES) - used_verbs().union(*COMPOSED.values())) == []


def keys():
    """(verb or "", key) of everything that is recorded under a name of its own."""
    for tree in recording().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and RECORDS.match(f"{ast.unparse(node.func)}("):
                yield from (each.arg for each in node.keywords if each.arg not in NO_KEYS | {None})


def test_every_key_in_the_code_has_a_name():
    fields = {
        field.name
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.concrete
    }
    wordless = {
        key
        for key in set(keys()) - {"address"}
        if not {key, key.removesuffix("_id")} & (fields | set(NAMES))
    }

    assert sorted(wordless) == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_sentence_fits_its_words(language):
    with translation.override(language):
        for said in SENTENCES.values():
            for sentence in said if isinstance(said, tuple) else (said,):
                words = str(sentence) % {"who": "Ada", "what": "Loyal"}
                assert words != str(sentence)
                assert "%" not in words or "%%" in str(sentence)


def test_choices_leave_the_names_open():
    choices = dict(verb_choices())

    assert choices["group.created"] == "… created the client group “…”"
    assert set(choices) == set(SENTENCES)


# One event ---------------------------------------------------------------------------------------


def event(verb="group.updated", model=ClientGroup, actor=None, label="Loyal", **changes):
    return AuditEvent(
        verb=verb,
        actor=actor,
        target_type=model._meta.label_lower,
        target_label=label,
        changes=changes,
    )


def said(one):
    return [(each.label, each.before, each.after) for each in changes_of(one)]


def test_jobs_speak_as_the_product():
    assert sentence_of(event("group.updated")) == "Tandem changed the client group “Loyal”"


@pytest.mark.django_db
def test_person_and_personal_link_are_told_apart():
    ada = UserFactory(name="Ada")
    opened = {"verb": "request.opened", "model": ServiceRequest, "label": "R-7"}

    assert sentence_of(event(**opened, actor=ada)) == "Ada wrote down the request “R-7”"
    assert sentence_of(event(**opened)) == "A client opened the request “R-7”"


def test_unknown_verb_is_said_as_it_stands():
    assert sentence_of(event("100%.sure")) == "Tandem: 100%.sure"


def test_row_without_a_name_is_a_dash():
    assert sentence_of(event("user.sign_in_failed", label="")) == "Signing in as “–” failed"


def test_choices_and_truth_are_said_in_words():
    assert said(event(kind=["static", "dynamic"], archived=[False, True], role=["", "lead"])) == [
        ("kind", "Listed by hand", "By a rule"),
        ("archived", "no", "yes"),
        ("role", "–", "Lead"),
    ]


def test_days_and_instants_are_said_as_the_reader_writes_them():
    instant = dt.datetime(2026, 11, 22, 23, 5, tzinfo=dt.UTC).isoformat()
    with timezone.override("Asia/Shanghai"):
        found = said(event(model=Task, due_on=[None, "2026-12-24"], completed_at=[instant, "x"]))

    assert found[0][1:] == ("–", "24 Dec")
    assert "23" in found[1][1]
    assert "07:05" in found[1][1]
    assert found[1][2] == "x"


def test_instant_without_a_zone_is_said_as_it_stands():
    ((_label, _before, after),) = said(event(model=Task, completed_at=[None, "2026-11-22T23:05"]))

    assert "23:05" in after


def test_long_texts_say_that_they_changed():
    assert said(event(model=ServiceRequest, text=["…", "…"])) == [
        ("what they asked for", "–", "text changed")
    ]


def test_lists_and_single_values_are_said():
    assert said(event(clients=[None, ["Lin", "Blue"]], note="x", groups=[[], None])) == [
        ("clients", "–", "Lin, Blue"),
        ("note", "–", "x"),
        ("client groups, numbers", "–", "–"),
    ]


def test_keys_have_the_names_that_people_know():
    assert label_of(Task, "column_id") == "column, number"
    assert label_of(Goal, "measured_on") == str(
        apps.get_model("projects.goalmeasurement")._meta.get_field("measured_on").verbose_name
    )
    assert label_of(None, "some_old_key") == "some old key"
    assert label_of(Goal, "measurements") == "measurements"


def test_kind_that_is_gone_is_said_as_it_stands():
    assert kind_of(AuditEvent(target_type="zoo.pet")) == "zoo.pet"
    assert kind_of(AuditEvent(target_type="nonsense")) == "nonsense"


@pytest.mark.django_db
def test_trail_speaks_chinese(client):
    reader = UserFactory(admin=True, chinese=True, name="陈静")
    record(actor=reader, verb="task.moved", target=TaskFactory(title="回访"), priority=[0, 1])
    client.force_login(reader)

    page = client.get("/audit/").content.decode()

    assert "陈静 移动了“回访”" in page
    assert "优先级" in page
