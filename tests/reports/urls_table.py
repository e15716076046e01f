from tests.factories.projects import ProjectFactory
from tests.url_table import SIGNED_IN, VIEW, Url, expect

ROWS = [
    Url("reports:today", SIGNED_IN),
    Url("reports:search", SIGNED_IN, query="?q=a"),
    Url("reports:palette", SIGNED_IN, query="?q=a"),
    Url("reports:project_attention", VIEW, make=ProjectFactory),
    Url(
        "reports:styleguide",
        expect(404, 404, 404, 404, 404, admin=404),
        note="Only a developer's machine shows the components.",
    ),
]
