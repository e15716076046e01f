from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import get_object_or_404

from clientgroups.models import Client, ClientGroup


def visible_group(user, pk):
    """The client group, or 404 when the person holds no role in it."""
    return get_object_or_404(ClientGroup.objects.visible_to(user).select_related("owner"), pk=pk)


def visible_client(user, pk):
    """The client, or 404 when it is neither theirs nor in one of their groups today."""
    return get_object_or_404(Client.objects.visible_to(user).select_related("owner"), pk=pk)


@dataclass(frozen=True)
class Part:
    """Something about a row that has no rights of its own: who may touch the row may touch it."""

    parent: Client | ClientGroup
    row: object

    def role_of(self, user):
        return self.parent.role_of(user)


def child_of(parent, children, pk):
    """One row of a parent that was loaded through its scope, or 404."""
    found = children.filter(pk=pk).first()
    if found is None:
        raise Http404(f"{parent} has no such row")
    return found
