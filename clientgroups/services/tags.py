import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, Tag
from clientgroups.services.groups import mark_clients_dirty

LONGEST, MOST = 40, 30
SEPARATORS = re.compile("[,，、;；\n]")


def split_names(text: str) -> list[str]:
    """Tag names of one line; a comma of either script separates them."""
    return SEPARATORS.split(text)


def clean_names(names: Iterable[str]) -> list[str]:
    """Names without blanks and repetitions; the first spelling of a name stands."""
    found: dict[str, str] = {}
    for name in names:
        name = " ".join(str(name).replace("\x00", "").split())
        if len(name) > LONGEST:
            raise ValidationError(
                {
                    "tags": _("“%(name)s” is too long: a tag has at most %(n)s characters.")
                    % {"name": f"{name[:LONGEST]}…", "n": LONGEST}
                }
            )
        if name:
            found.setdefault(name.lower(), name)
    if len(found) > MOST:
        raise ValidationError({"tags": _("A client has at most %(n)s tags.") % {"n": MOST}})
    return list(found.values())


def tags_named(names: Iterable[str]) -> list[Tag]:
    """The tags of these names; those that nobody used before are made, once each."""
    wanted = {name.lower(): name for name in names}
    if not wanted:
        return []
    # Two people who make the same tag at the same moment get the same one.
    Tag.objects.bulk_create((Tag(name=name) for name in wanted.values()), ignore_conflicts=True)
    found = Tag.objects.annotate(key=Lower("name")).filter(key__in=list(wanted))
    return sorted(found, key=lambda tag: tag.name)


def change_tags(client: Client, names: Iterable[str]) -> list[list[str]] | None:
    """Give a locked client exactly these tags; [before, after], or None when they stand already."""
    wanted = tags_named(clean_names(names))
    before = sorted(client.tags.values_list("name", flat=True)) if client.pk else []
    after = sorted(tag.name for tag in wanted)
    if before == after:
        return None
    client.tags.set(wanted)
    return [before, after]


@transaction.atomic
def add_tag(*, actor: User, clients: Iterable[int], name: str) -> list[int]:
    """Put a tag on clients; the keys of those that did not have it.

    Only clients the person may change are touched. Twice adds nothing more.
    """
    names = clean_names([name])
    if not names:
        raise ValidationError({"tag": _("Write the name of a tag.")})
    (tag,) = tags_named(names)
    rows = Client.objects.editable_by(actor).active().filter(pk__in=list(clients))
    keys = list(rows.exclude(tags=tag).order_by("pk").values_list("pk", flat=True))
    Client.tags.through.objects.bulk_create(
        (Client.tags.through(client_id=pk, tag=tag) for pk in keys), ignore_conflicts=True
    )
    if keys:
        record(actor=actor, verb="tag.added", target=tag, clients=[None, keys])
        mark_clients_dirty(keys)
    return keys


@transaction.atomic
def remove_tag(*, actor: User, clients: Iterable[int], tag: Tag) -> int:
    """Take a tag off clients the person may change; how many had it."""
    rows = Client.objects.editable_by(actor).filter(pk__in=list(clients))
    keys = list(rows.filter(tags=tag).order_by("pk").values_list("pk", flat=True))
    Client.tags.through.objects.filter(tag=tag, client__in=keys).delete()
    if keys:
        record(actor=actor, verb="tag.removed", target=tag, clients=[keys, None])
        mark_clients_dirty(keys)
    return len(keys)
