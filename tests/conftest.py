import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from clientgroups.models import ClientGroup, GroupAccess
from config import messages
from projects.models import Project, ProjectAccess
from tests.factories.accounts import UserFactory

ROLES = ("anonymous", "outsider", "viewer", "member", "lead", "manager", "admin")
# From a row to what grants the role on it, tried in this order.
OWNERS = ("client_group", "project", "survey", "wave", "task", "goal", "client", "created_by")


def pytest_configure(config):
    """Chinese pages are tested with the catalogue as it stands in the source."""
    messages.compile_all()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The longest tests start first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def owner_of(obj):
    """The client group or project whose access list decides about a row."""
    while not isinstance(obj, (ClientGroup, Project)):
        if hasattr(obj, "memberships"):
            return obj.memberships.current().select_related("client_group").get().client_group
        obj = next(value for name in OWNERS if (value := getattr(obj, name, None)))
    return obj


def grant(user, role, obj):
    """Give a role in the client group or project that owns the row."""
    owner = owner_of(obj)
    if isinstance(owner, ClientGroup):
        return GroupAccess.objects.create(client_group=owner, user=user, role=role)
    return ProjectAccess.objects.create(project=owner, user=user, role=role)


@pytest.fixture(autouse=True)
def _language_of_the_installation():
    """What a visitor's browser chose in the test before is forgotten, as by the next request."""
    translation.deactivate()


@pytest.fixture
def sign_in(client, db):
    """`sign_in("lead", task)`: log somebody in who holds the role on the row; return the user.

    Roles: anonymous, outsider, viewer, member, lead (on the row's group or project),
    manager (may start things, holds no role on the row), admin.
    """

    def sign_in(role, obj=None, **fields):
        if role == "anonymous":
            client.logout()
            return None
        traits = {role: True} if role in ("manager", "admin") else {}
        user = UserFactory(**traits, **fields)
        if role in ("viewer", "member", "lead") and obj is not None:
            grant(user, role, obj)
        client.force_login(user)
        return user

    return sign_in


@pytest.fixture
def count_queries():
    """`count_queries(lambda: client.get(url))`: how many statements a call sends."""

    def count(call):
        with CaptureQueriesContext(connection) as captured:
            call()
        return len(captured)

    return count


@pytest.fixture(scope="session")
def shared_data():
    """Folder of real files from other products: SAMPLE_DATA, or shared/data beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SAMPLE_DATA") or beside)
    if not folder.is_dir():
        pytest.skip("Sample files stand neither in SAMPLE_DATA nor beside the checkout")
    return folder
