import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Client, Purchase, StagedPurchase
from imports.models import ImportRun
from tests.imports.samples import PURCHASES, workbook

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


def checked(upload, send_mapping, work_off, content, **changes):
    _, run = upload(content)
    response = send_mapping(run, **changes)
    assert response.status_code == 302, text_of(response)
    return work_off(run)


def test_purchases_from_upload_to_clients(client, sign_in, upload, send_mapping, work_off):
    user = sign_in("manager")

    response, run = upload(PURCHASES)
    assert response.status_code == 302
    send_mapping(run)
    run = work_off(run)
    page = client.get(run.get_absolute_url())
    assert "Import it?" in text_of(page)
    client.post(reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-04-05"})
    run = work_off(run)

    assert run.state == ImportRun.State.APPLIED
    assert (Client.objects.count(), Purchase.objects.count()) == (2, 3)
    first = Client.objects.get(external_id="00007")
    assert (first.name, first.owner, first.purchase_count) == ("Lin Trading", user, 2)
    assert "3 purchases were imported." in text_of(client.get(run.get_absolute_url()))
    assert not run.file
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[:2] == ["import.uploaded", "import.confirmed"]
    assert {"import.applied", "purchases.imported"} <= set(verbs)
