from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.projects import ProjectFactory
from tests.url_table import SIGNED_IN, VIEW, Url, expect

ROWS = [
    Url("reports:today", SIGNED_IN),
    Url("reports:search", SIGNED_IN, query="?q=a"),
    Url("reports:palette", SIGNED_IN, query="?q=a"),
    Url("reports:project_attention", VIEW, make=ProjectFactory),
    Url("reports:group_attention", VIEW, make=ClientGroupFactory),
    Url("reports:group_compare", SIGNED_IN),
    Url("reports:group_compare_csv", expect(404, 404, 404, 404, 404, admin=404)),
    Url(
        "reports:styleguide",
        expect(404, 404, 404, 404, 404, admin=404),
        note="Only a developer's machine shows the components.",
    ),
]
