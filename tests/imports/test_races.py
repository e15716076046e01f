import subprocess
import sys
from threading import Thread

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction

from clientgroups.models import Client, Purchase
from imports import runner, services
from imports.models import ImportRun
from tests.factories.accounts import UserFactory
from tests.factories.imports import ImportRunFactory
from tests.imports.samples import PURCHASES


def uploaded(user, content, **fields):
    file = ContentFile(content.encode(), name="a.csv")
    return services.start_run(actor=user, kind="purchases", upload=file, **fields)


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_do_not_mix():
    runs = []
    for _ in range(2):
        run = uploaded(UserFactory(admin=True), PURCHASES)
        suggested = run.shape["suggested"]
        services.check_run(
            run=run,
            actor=run.created_by,
            mapping=suggested["mapping"],
            options=suggested["options"],
        )
        runs.append(run)
    for run in runs:
        run.refresh_from_db()
        if run.state == "checking":
            runner.advance(run.pk)
    for run in runs:
        ImportRun.objects.filter(pk=run.pk).update(
            state="applying", options={**run.options, "as_of": "2024-04-05"}
        )

    def write(pk):
        try:
            runner.advance(pk)
        finally:
            connection.close()

    threads = [Thread(target=write, args=(run.pk,)) for run in runs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for run in runs:
        run.refresh_from_db()
        assert run.state == "applied", run.problem
    counts = sorted(run.summary["result"]["new_purchases"] for run in runs)
    assert (counts, Purchase.objects.count(), Client.objects.count()) == ([0, 3], 3, 2)


@pytest.mark.django_db(transaction=True)
def test_second_worker_leaves_a_locked_import_alone():
    run = ImportRunFactory(checked=True)
    ImportRun.objects.filter(pk=run.pk).update(state="applying")
    results = []

    def other():
        results.append(runner.advance(run.pk))
        connection.close()

    with transaction.atomic():
        ImportRun.objects.select_for_update().get(pk=run.pk)
        thread = Thread(target=other)
        thread.start()
        thread.join()

    run.refresh_from_db()
    assert (results, run.state, run.attempts) == ([False], "applying", 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("service", "chosen"),
    [
        (services.confirm_run, {}),
        (services.undo_run, {}),
        (services.check_run, {"mapping": {}, "options": {}}),
    ],
)
def test_second_click_does_not_wait_for_the_worker(service, chosen):
    run = ImportRunFactory(checked=True)
    results = []

    def click():
        results.append(service(run=run, actor=run.created_by, **chosen))
        connection.close()

    with transaction.atomic():
        ImportRun.objects.select_for_update().get(pk=run.pk)
        thread = Thread(target=click)
        thread.start()
        thread.join()

    run.refresh_from_db()
    assert (results, run.state) == ([run], "checked")


MEASURE = """
import resource, sys
import django
django.setup()
import datetime as dt
from itertools import islice
from clientgroups.importers.checking import PurchaseChecker
from clientgroups.importers.purchases import recognise
from core.files.issues import IssueLog
from core.files.tables import data_rows
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
shape = recognise(sys.argv[1])
found = shape["suggested"]
checker = PurchaseChecker(shape, found["mapping"], found["options"], dt.date(2026, 1, 1))
rows = data_rows(sys.argv[1], shape)
total = 0
while piece := list(islice(rows, 20_000)):
    total += len(checker.check(piece, IssueLog()))
print(total, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("customer,date,amount,product\n")
        for number in range(250_000):
            file.write(f"C{number},2024-01-{number % 28 + 1:02d},{number / 100},Tea {number}\n")

    found = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )

    rows, megabytes = map(int, found.stdout.split())
    assert rows == 250_000
    assert megabytes < 120
