import factory

from imports.models import ImportIssue, ImportRun
from tests.factories.accounts import UserFactory

SHAPE = {
    "format": "text",
    "encoding": "utf-8-sig",
    "delimiter": ",",
    "header": 1,
    "lines": 2,
    "columns": ["Customer", "Date", "Amount"],
    "width": 3,
    "sample": [["7", "2024-01-02", "5"]],
    "suggested": {
        "mapping": {"customer": 0, "date": 1, "amount": 2},
        "options": {
            "date_order": "ymd",
            "decimal": "point",
            "currency": "CNY",
            "refunds": False,
            "repeats": "refuse",
            "negatives": 0,
        },
    },
}


class ImportRunFactory(factory.django.DjangoModelFactory):
    """A table of purchases that waits for its mapping; traits: checked, applied, failed."""

    class Meta:
        model = ImportRun

    class Params:
        checked = factory.Trait(
            state="checked",
            summary={
                "rows": 1,
                "errors": 0,
                "notes": 0,
                "blank": 0,
                "usable": True,
                "new_clients": 1,
                "known_clients": 0,
                "new_purchases": 1,
                "known_purchases": 0,
                "first_on": "2024-01-02",
                "last_on": "2024-01-02",
                "totals": {"CNY": "5.00"},
                "messages": {},
            },
        )
        applied = factory.Trait(state="applied", summary={"result": {}})
        failed = factory.Trait(
            state="failed",
            summary={"problem": {"message": "It is %(what)s.", "params": {"what": "bad"}}},
        )

    kind = "purchases"
    created_by = factory.SubFactory(UserFactory, manager=True)
    file_name = factory.Sequence(lambda n: f"purchases-{n}.csv")
    file_size = 120
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    shape = SHAPE


class ImportIssueFactory(factory.django.DjangoModelFactory):
    """A line that is left out."""

    class Meta:
        model = ImportIssue

    run = factory.SubFactory(ImportRunFactory)
    severity = "error"
    line = factory.Sequence(lambda n: n + 2)
    place = "Amount"
    value = "=1+1"
    message = "The amount %(found)s is negative."
    params = {"found": "-5"}
