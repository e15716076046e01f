import factory
from django.utils import timezone

from projects.models import BoardColumn, ChecklistItem, Comment, Label, Project, Task
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory


class ProjectFactory(factory.django.DjangoModelFactory):
    """An active project without columns or tasks; its lead holds no access row."""

    class Meta:
        model = Project

    client_group = factory.SubFactory(ClientGroupFactory)
    name = factory.Sequence(lambda n: f"Project {n}")
    key = factory.Sequence(lambda n: f"P{n}")
    lead = factory.SubFactory(UserFactory)


class BoardColumnFactory(factory.django.DjangoModelFactory):
    """A list of work that has not begun; traits: doing, done, cancelled, archived."""

    class Meta:
        model = BoardColumn

    class Params:
        doing = factory.Trait(category="doing")
        done = factory.Trait(category="done")
        cancelled = factory.Trait(category="cancelled")
        archived = factory.Trait(archived_at=factory.LazyFunction(timezone.now))

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"Column {n}")
    category = "todo"
    position = factory.Sequence(lambda n: n)


class LabelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Label

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"Label {n}")
    colour = "teal"


class TaskFactory(factory.django.DjangoModelFactory):
    """An open task of nobody, in a column of its project; traits: doing, done, archived."""

    class Meta:
        model = Task

    class Params:
        doing = factory.Trait(category="doing")
        done = factory.Trait(category="done", completed_at=factory.LazyFunction(timezone.now))
        archived = factory.Trait(archived_at=factory.LazyFunction(timezone.now))
        category = "todo"

    project = factory.SubFactory(ProjectFactory)
    number = factory.Sequence(lambda n: n + 1001)
    column = factory.LazyAttribute(
        lambda task: BoardColumnFactory(project=task.project, category=task.category)
    )
    position = factory.Sequence(lambda n: (n + 1) << 16)
    title = factory.Sequence(lambda n: f"Task {n}")
    created_at = factory.LazyFunction(timezone.now)


class ChecklistItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ChecklistItem

    task = factory.SubFactory(TaskFactory)
    text = factory.Sequence(lambda n: f"Step {n}")
    position = factory.Sequence(lambda n: n)


class CommentFactory(factory.django.DjangoModelFactory):
    """An internal remark of a person."""

    class Meta:
        model = Comment

    task = factory.SubFactory(TaskFactory)
    author = factory.SubFactory(UserFactory)
    author_name = factory.LazyAttribute(lambda comment: str(comment.author))
    body = "We called them."
    created_at = factory.LazyFunction(timezone.now)
