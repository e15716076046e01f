"""Short signed names of rows for files that leave the product and may come back changed.

A key alone would be taken for another installation's; the signature shows that it is ours.
"""

import hmac
import re
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import salted_hmac

CLIENT, CONTACT = "C", "P"
_SHAPE = re.compile(r"(?:urn:tandem:)?([CP])(\d{1,18})-([0-9a-f]{10})", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return salted_hmac("clientgroups.references", "rows", secret=secret).digest()


def _sign(kind: str, pk: int) -> str:
    data = f"{kind}{pk}".encode()
    return hmac.digest(_key(settings.SECRET_KEY), data, "sha256").hex()[:10]


def reference(kind: str, pk: int) -> str:
    """Such as C42-9f86d08188, for the client with the key 42."""
    return f"{kind}{pk}-{_sign(kind, pk)}"


def referred(kind: str, text: str) -> int | None:
    """The key that a reference of this installation names; None for anything else."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None or found[1].upper() != kind:
        return None
    pk = int(found[2])
    return pk if hmac.compare_digest(_sign(kind, pk), found[3].lower()) else None
