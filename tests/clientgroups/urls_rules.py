from tests.factories.clientgroups import ClientGroupFactory
from tests.url_table import VIEW, Url

ROWS = [
    Url("clientgroups:group_overlap", VIEW, make=ClientGroupFactory),
    Url("clientgroups:group_moves", VIEW, make=ClientGroupFactory),
]
