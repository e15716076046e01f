import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import (
    Client,
    ClientMerge,
)
from clientgroups.services.clients import archive_client
from clientgroups.services.merges import merge_clients, undo_merge
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def merged(kept=None, gone=None, **options):
    kept, gone = kept or ClientFactory(), gone or ClientFactory()
    options.setdefault("actor", kept.owner)
    return merge_clients(kept=kept, gone=gone, **options)


# Refusals -----------------------------------------------------------------------------------------


def test_a_client_is_not_merged_with_itself():
    client = ClientFactory()
    with pytest.raises(ValidationError, match="two different"):
        merged(client, client)


def test_merged_archived_and_erased_clients_are_refused():
    kept, gone, third = ClientFactory(), ClientFactory(), ClientFactory(name="Third")
    merged(kept, gone)

    with pytest.raises(ValidationError, match="merged into another client already"):
        merged(third, gone)
    archive_client(client=third, actor=third.owner)
    with pytest.raises(ValidationError, match="put away"):
        merged(kept, third)
    Client.objects.filter(pk=third.pk).update(erased_at=timezone.now())
    with pytest.raises(ValidationError, match="erased"):
        merged(kept, third)


def test_a_chain_of_merges_is_undone_from_its_end():
    first, second, third = ClientFactory(), ClientFactory(), ClientFactory()
    inner = merged(second, first)
    outer = merged(third, second)

    with pytest.raises(ValidationError, match="Undo that merge first"):
        undo_merge(merge=inner, actor=third.owner)
    undo_merge(merge=outer, actor=third.owner)
    undo_merge(merge=inner, actor=third.owner)

    assert not Client.objects.exclude(merged_into=None).exists()


def test_undo_is_refused_when_rows_would_clash():
    kept, gone = ClientFactory(), ClientFactory(external_id="B")
    merge = merged(kept, gone)
    Client.objects.filter(pk=gone.pk).update(external_id=None)
    ClientFactory(external_id="B")

    with pytest.raises(ValidationError, match="would clash"):
        undo_merge(merge=merge, actor=kept.owner)

    gone.refresh_from_db()
    assert gone.merged_into == kept


def test_undo_after_an_erasure_is_refused():
    kept, gone = ClientFactory(), ClientFactory()
    merge = merged(kept, gone)
    Client.objects.filter(pk=kept.pk).update(erased_at=timezone.now(), archived_at=timezone.now())

    with pytest.raises(ValidationError, match="erased"):
        undo_merge(merge=merge, actor=kept.owner)


@pytest.mark.django_db(transaction=True)
def test_two_people_merge_the_same_pair_in_both_directions_at_once():
    one, other = ClientFactory(), ClientFactory()
    actor, start, found = UserFactory(admin=True), threading.Barrier(2), []

    def run(kept, gone):
        start.wait()
        try:
            merge_clients(kept=kept, gone=gone, actor=actor)
            found.append("merged")
        except ValidationError:
            found.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(found) == ["merged", "refused"]
    assert ClientMerge.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_merge_sent_five_times_at_once_happens_once():
    one, other = ClientFactory(), ClientFactory()
    actor, start, found = UserFactory(admin=True), threading.Barrier(5), []

    def run():
        start.wait()
        try:
            found.append(merge_clients(kept=one, gone=other, actor=actor).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(found) == 5
    assert len(set(found)) == 1
    assert AuditEvent.objects.filter(verb="client.merged").count() == 1
