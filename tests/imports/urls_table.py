"""Imports belong to the person who uploaded the file; administrators see all."""

from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.imports import ImportRunFactory
from tests.factories.projects import ProjectFactory
from tests.url_table import LEAD, MANAGE, OWN, SIGNED_IN, Url


def run(**traits):
    """An import in a client group: its people do not see it either."""
    return ImportRunFactory(client_group=ClientGroupFactory(), **traits)


def checked():
    return run(checked=True)


ROWS = [
    Url("imports:run_list", SIGNED_IN, grow=ImportRunFactory),
    Url("imports:run_create", MANAGE),
    Url("imports:project_import", LEAD, make=ProjectFactory),
    Url("imports:run_detail", OWN, make=checked),
    Url("imports:run_map", OWN, make=run),
    Url("imports:run_confirm", OWN, make=checked, post={"as_of": "2024-01-02"}),
    Url("imports:run_remap", OWN, make=checked, post={}),
    Url("imports:run_undo", OWN, make=lambda: run(applied=True), post={}),
    Url("imports:run_discard", OWN, make=checked, post={}),
    Url("imports:run_issues", OWN, make=checked),
]
