from accounts.models import User
from tests.factories.notifications import MessageFactory
from tests.url_table import SIGNED_IN, Url, expect

# Messages are found through the person who asks; this one belongs to nobody.
NOBODY = expect(404, 404, 404, 404, 404, admin=404)


def one_more_message():
    MessageFactory(recipient=User.objects.filter(role=User.Role.ADMIN).latest("pk"))


ROWS = [
    Url("notifications:inbox", SIGNED_IN, grow=one_more_message),
    Url("notifications:message_open", NOBODY, kwargs=lambda obj: {"pk": 0}, post={}),
    Url("notifications:message_read_all", SIGNED_IN, post={}),
]
