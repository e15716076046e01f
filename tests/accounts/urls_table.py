from accounts.audit import record
from tests.factories.accounts import UserFactory
from tests.url_table import ADMIN, PUBLIC, SIGNED_IN, Url, expect

# Sessions are found through the person who asks; these belong to nobody.
NOBODY = expect(404, 404, 404, 404, 404, admin=404)


def one_more_event():
    record(actor=UserFactory(), verb="user.changed", target=UserFactory())


ROWS = [
    Url("account_reset_password", PUBLIC),
    Url("accounts:profile", SIGNED_IN),
    Url("accounts:profile", SIGNED_IN, post={}, note="refused form"),
    Url("accounts:security", SIGNED_IN),
    Url("accounts:session_end", NOBODY, kwargs=lambda obj: {"pk": 0}, post={}),
    Url("accounts:session_end_others", SIGNED_IN, post={}),
    Url("accounts:audit_list", ADMIN, grow=one_more_event),
    Url("accounts:set_language", PUBLIC, post={"language": "zh-hans"}),
    Url("accounts:set_theme", PUBLIC, post={"theme": "dark"}),
]
