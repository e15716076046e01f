import pytest

from accounts.models import AuditEvent
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.projects import BoardColumnFactory, ProjectFactory


@pytest.fixture
def actor(db):
    return UserFactory(name="Lin Wei", email="lin@example.org")


@pytest.fixture
def project(actor):
    """A project with a board of three columns, in which `actor` is a lead."""
    project = ProjectFactory(key="HR", lead=actor)
    grant(actor, "lead", project)
    for name, category in (("To do", "todo"), ("Doing", "doing"), ("Done", "done")):
        BoardColumnFactory(project=project, name=name, category=category)
    return project


@pytest.fixture
def columns(project):
    return list(project.columns.all())


@pytest.fixture
def events():
    """`events(task)`: verbs recorded about a row, oldest first."""

    def verbs(row):
        found = AuditEvent.objects.filter(target_type=row._meta.label_lower, target_id=str(row.pk))
        return list(found.order_by("pk").values_list("verb", flat=True))

    return verbs
