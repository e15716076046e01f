from django.shortcuts import get_object_or_404

from accounts.models import User
from clientgroups.models import Client, ClientGroup


def visible_group(user: User, pk: int) -> ClientGroup:
    """The group, or 404 for somebody who holds no role in it."""
    return get_object_or_404(ClientGroup.objects.visible_to(user).select_related("owner"), pk=pk)


def visible_client(user: User, pk: int) -> Client:
    """The client, or 404 for somebody who may not see it."""
    return get_object_or_404(Client.objects.visible_to(user).select_related("owner"), pk=pk)
