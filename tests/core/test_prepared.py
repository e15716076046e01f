import datetime as dt
import uuid

import pytest
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import AuditEvent, User
from core import prepared as module
from core.addresses import path_to
from core.prepared import prepared
from imports.models import ImportRun
from projects.models import Project, Task
from tests.factories.accounts import UserFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db


def test_rows_are_those_of_the_queryset_for_each_value():
    tasks = [TaskFactory(title=word) for word in ("One", "Two")]
    found = prepared(lambda pk: Task.objects.filter(pk=pk))

    assert [found(task.pk) for task in tasks] == [[task] for task in tasks]
    assert found(0) == []


def test_statement_is_built_twice_and_never_again():
    built = []

    @prepared
    def titled(title: str):
        built.append(title)
        return Task.objects.filter(title=title)

    TaskFactory(title="One")

    assert len(titled("One")) == 1
    assert titled("Two") == []
    assert len(built) == 2
    assert "One" not in built


def test_one_statement_is_sent(count_queries):
    found = prepared(lambda pk: Task.objects.filter(pk=pk).select_related("project"))
    task = TaskFactory()

    assert count_queries(lambda: found(task.pk)[0].project.name) == 1


@pytest.mark.parametrize("shape", ["model", "values", "tuple", "flat", "named"])
def test_rows_have_the_shape_of_the_queryset(shape):
    ProjectFactory(name="Harbour")
    rows = {
        "model": Project.objects.all(),
        "values": Project.objects.values("name", upper=F("key")),
        "tuple": Project.objects.values_list("key", "name"),
        "flat": Project.objects.values_list("name", flat=True),
        "named": Project.objects.values_list("name", "key", named=True),
    }[shape]

    assert prepared(lambda: rows.all())() == list(rows)


def test_related_rows_annotations_and_deferred_columns_come_along():
    task = TaskFactory()
    rows = Task.objects.select_related("project__client_group", "assignee").only(
        "title", "project__name", "project__client_group__name", "assignee__name"
    )
    (found,) = prepared(lambda: rows.annotate(twice=F("number") * 2))()

    assert (found.project.client_group.name, found.twice) == (
        task.project.client_group.name,
        task.number * 2,
    )
    assert "description" in found.get_deferred_fields()


def test_values_of_json_columns_are_read():
    AuditEvent.objects.create(verb="a.b", target_type="a", target_id="1", changes={"a": [1, 2]})

    assert prepared(lambda: AuditEvent.objects.values_list("changes", flat=True))() == [
        {"a": [1, 2]}
    ]


def test_scope_of_a_person_is_part_of_the_statement():
    seen = prepared(lambda user: Project.objects.visible_to(user))
    mine, other = ProjectFactory(), ProjectFactory()
    mine.access.create(user=(member := UserFactory()), role="viewer")

    assert seen(member) == [mine]
    assert seen(UserFactory()) == []
    assert set(seen(UserFactory(admin=True))) == {mine, other}
    assert seen(member) == [mine]


def test_days_moments_keys_and_nothing_are_values_too():
    due = prepared(lambda day: Task.objects.filter(due_on__lt=day))
    made = prepared(lambda now: Task.objects.filter(created_at__lte=now))
    run = prepared(lambda batch: ImportRun.objects.filter(batch=batch))
    assigned = prepared(lambda person: Task.objects.filter(assignee=person))
    day = dt.date(2026, 11, 23)
    task = TaskFactory(due_on=day, assignee=None)

    assert due(day) == []
    assert due(day + dt.timedelta(days=1)) == [task]
    assert made(timezone.now()) == [task]
    assert run(uuid.uuid4()) == []
    assert assigned(None) == [task]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_lists_may_have_any_length(count):
    tasks = [TaskFactory() for _ in range(3)]
    found = prepared(lambda pks: Task.objects.filter(pk__in=pks).order_by("pk"))
    named = prepared(lambda words: Task.objects.filter(title__in=words).order_by("pk"))
    others = prepared(lambda pks: Task.objects.exclude(pk__in=pks))

    assert found([task.pk for task in tasks[:count]]) == tasks[:count]
    assert named([task.title for task in tasks[:count]]) == tasks[:count]
    assert len(others([task.pk for task in tasks[:count]])) == 3 - count


def test_columns_that_only_sort_are_not_handed_out():
    tasks = [TaskFactory(title=word) for word in "BA"]
    rows = Task.objects.filter(labels=None).distinct().order_by("title").values_list("pk")

    assert prepared(lambda: rows)() == [(tasks[1].pk,), (tasks[0].pk,)]


def test_union_keeps_the_order_of_its_columns():
    ProjectFactory(name="Harbour", key="HB")
    UserFactory(name="Lin")
    people = User.objects.filter(name="Lin").values_list("name", "email")
    both = Project.objects.values_list("name", "key").union(people, all=True)

    assert prepared(lambda: both.all())()[0] == ("Harbour", "HB")


def test_nothing_to_find_asks_nothing(count_queries):
    nothing = prepared(lambda pk: Task.objects.filter(pk=pk, number__in=[]))

    assert count_queries(lambda: nothing(1)) == 0
    assert nothing(2) == []


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda n: Task.objects.filter(number=n + 1), "computed with"),
        (lambda n: Task.objects.filter(title=f"{n}"), "computed with"),
        (lambda n: Task.objects.all(), "not used"),
        (lambda n: Task.objects.order_by("pk")[: n % 7], "changes the text"),
        (lambda n: Task.objects.filter(number=n).prefetch_related("labels"), "prefetch_related"),
    ],
)
def test_misuse_is_noticed(build, reason):
    with pytest.raises(TypeError, match=reason):
        prepared(build)(3)


def test_list_outside_of_in_is_noticed():
    with pytest.raises(TypeError, match="outside of __in"):
        prepared(lambda keys: Task.objects.filter(Q(pk=keys[0]) | Q(pk__in=keys)))([1])


def test_number_of_shapes_stays_bounded(monkeypatch):
    monkeypatch.setattr(module, "SHAPES", 2)
    sizes = prepared(lambda shape: Task.objects.all()[: shape[0]])
    TaskFactory()

    assert [len(sizes((size,))) for size in (1, 2, 3, 1)] == [1, 1, 1, 1]


def test_addresses_are_those_of_the_resolver():
    task = TaskFactory()

    assert path_to("projects:task_detail", task.project_id, task.number) == task.get_absolute_url()
    assert path_to("reports:today") == "/"
