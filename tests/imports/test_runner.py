import datetime as dt
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.utils import timezone

from clientgroups.models import Client, Purchase, StagedPurchase
from config.celery import EVERY
from imports import runner, services, tasks
from imports.models import ImportIssue, ImportRun
from imports.registry import purchases
from tests.factories.accounts import UserFactory
from tests.factories.imports import ImportRunFactory
from tests.factories.projects import ProjectFactory

LINES = "Customer,Date,Amount\n" + "".join(f"C{n % 7},2024-01-02,{n}\n" for n in range(50))


def uploaded(user, content=LINES, **fields):
    file = ContentFile(content.encode(), name="a.csv")
    return services.start_run(actor=user, kind="purchases", upload=file, **fields)


@pytest.fixture
def run(db):
    run = uploaded(UserFactory(manager=True))
    suggested = run.shape["suggested"]
    return services.check_run(
        run=run,
        actor=run.created_by,
        mapping=suggested["mapping"],
        options=suggested["options"],
    )


def confirmed(run):
    runner.advance(run.pk)
    return services.confirm_run(run=run, actor=run.created_by, as_of=dt.date(2024, 1, 2))


def test_sweep_stands_in_the_schedule():
    assert EVERY["imports.tasks.continue_imports"] <= 30


def test_worker_that_dies_while_checking_is_followed_by_another(run, monkeypatch):
    monkeypatch.setattr(purchases, "PIECE", 20)
    real = purchases.append_staged
    pieces = []

    def dies(**chosen):
        pieces.append(1)
        if len(pieces) == 2:
            raise OperationalError("the server closed the connection")
        real(**chosen)

    monkeypatch.setattr(purchases, "append_staged", dies)
    with pytest.raises(OperationalError):
        runner.advance(run.pk)
    run.refresh_from_db()
    assert (run.rows_done, StagedPurchase.objects.count(), run.leased_until) == (20, 20, None)

    runner.advance(run.pk)

    run.refresh_from_db()
    assert (run.state, run.summary["new_purchases"], run.summary["rows"]) == ("checked", 50, 50)
    assert StagedPurchase.objects.values("line").distinct().count() == 50


def test_long_check_goes_on_in_another_task(run, monkeypatch):
    monkeypatch.setattr(purchases, "PIECE", 20)
    monkeypatch.setattr(runner, "BUDGET", -1)
    steps = 0
    while runner.advance(run.pk):
        steps += 1

    run.refresh_from_db()
    assert (steps, run.state, run.summary["new_purchases"]) == (3, "checked", 50)


def test_errors_found_by_several_workers_add_up(db, monkeypatch):
    monkeypatch.setattr(purchases, "PIECE", 2)
    monkeypatch.setattr(runner, "BUDGET", -1)
    content = "Customer,Date,Amount\n" + "1,2024-01-02,x\n1,2024-01-02,5\n" * 3 + ",,\n"
    run = uploaded(UserFactory(manager=True), content)
    suggested = run.shape["suggested"]
    services.check_run(
        run=run, actor=run.created_by, mapping=suggested["mapping"], options=suggested["options"]
    )
    while runner.advance(run.pk):
        pass

    run.refresh_from_db()
    assert (run.summary["errors"], run.summary["blank"]) == (3, 1)
    assert list(run.issues.filter(severity="error").values_list("line", flat=True)) == [2, 4, 6]


def test_held_import_is_left_to_its_worker(run):
    held = timezone.now() + dt.timedelta(seconds=30)
    ImportRun.objects.filter(pk=run.pk).update(leased_until=held)

    assert runner.advance(run.pk) is False
    assert run.pk not in runner.pending(timezone.now())
    assert run.pk in runner.pending(held + dt.timedelta(seconds=1))


def test_worker_that_lost_its_lease_stores_nothing_more(run, monkeypatch):
    real = purchases.append_staged

    def stolen(**chosen):
        real(**chosen)
        other = timezone.now() + dt.timedelta(seconds=99)
        ImportRun.objects.filter(pk=run.pk).update(leased_until=other)

    monkeypatch.setattr(purchases, "append_staged", stolen)

    assert runner.advance(run.pk) is False

    run.refresh_from_db()
    assert (run.rows_done, StagedPurchase.objects.count()) == (0, 0)


def test_import_that_always_stops_its_worker_is_given_up(run):
    ImportRun.objects.filter(pk=run.pk).update(attempts=runner.MAX_ATTEMPTS)

    runner.advance(run.pk)

    run.refresh_from_db()
    assert run.state == "failed"
    assert run.problem_text.startswith("The import was tried 5 times")


def test_file_that_vanished_is_said(run):
    run.file.storage.delete(run.file.name)

    runner.advance(run.pk)

    run.refresh_from_db()
    assert run.problem_text == "The uploaded file is no longer there. Upload it again."


def test_refusal_in_the_middle_ends_the_check(db, monkeypatch):
    monkeypatch.setattr("core.files.tables.MAX_LINES_PER_ROW", 3)
    run = uploaded(UserFactory(manager=True))
    suggested = run.shape["suggested"]
    with open(run.file.path, "a") as file:
        file.write('C1,2024-01-02,"5\n' + "x\n" * 9)
    services.check_run(
        run=run, actor=run.created_by, mapping=suggested["mapping"], options=suggested["options"]
    )

    runner.advance(run.pk)

    run.refresh_from_db()
    assert (run.state, StagedPurchase.objects.count()) == ("failed", 0)
    assert run.problem_text.startswith("Line 52 opens a quotation mark")
    assert run.problem == run.problem_text


def test_writing_fails_as_a_whole_and_is_tried_again(run, monkeypatch):
    confirmed(run)
    real = purchases.services.apply_staged

    def dies(**chosen):
        real(**chosen)
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(purchases.services, "apply_staged", dies)
    with pytest.raises(OperationalError):
        runner.advance(run.pk)
    run.refresh_from_db()
    assert (run.state, Client.objects.count(), Purchase.objects.count()) == ("applying", 0, 0)
    monkeypatch.undo()

    assert run.pk in runner.pending(timezone.now())
    runner.advance(run.pk)
    runner.advance(run.pk)

    run.refresh_from_db()
    assert (run.state, Client.objects.count(), Purchase.objects.count()) == ("applied", 7, 50)


def test_writing_that_always_fails_is_given_up(run):
    confirmed(run)
    ImportRun.objects.filter(pk=run.pk).update(attempts=runner.MAX_ATTEMPTS)

    runner.advance(run.pk)

    run.refresh_from_db()
    assert (run.state, Purchase.objects.count(), StagedPurchase.objects.count()) == ("failed", 0, 0)


def test_vanished_board_file_ends_the_import(db, client):
    run = ImportRunFactory(
        kind="trello", state="applying", project=ProjectFactory(), file="imports/nowhere"
    )
    run.project.access.create(user=run.created_by, role="lead")

    runner.advance(run.pk)

    run.refresh_from_db()
    assert run.problem_text == "The uploaded file is no longer there. Upload it again."


def test_finished_imports_have_nothing_to_do(db):
    assert runner.advance(ImportRunFactory(applied=True).pk) is False
    assert runner.advance(0) is False


def test_sweep_finishes_what_a_lost_wake_up_left(run):
    assert tasks.continue_imports() == 1

    run.refresh_from_db()
    assert run.state == "checked"


def test_task_calls_itself_while_there_is_more(run, monkeypatch):
    monkeypatch.setattr(purchases, "PIECE", 20)
    monkeypatch.setattr(runner, "BUDGET", -1)

    tasks.advance.delay(run.pk)

    run.refresh_from_db()
    assert run.state == "checked"


def test_undecided_imports_are_closed_after_two_weeks(run):
    runner.advance(run.pk)
    ImportRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - dt.timedelta(days=15))

    tasks.continue_imports()
    tasks.continue_imports()

    run.refresh_from_db()
    assert (run.state, bool(run.file), StagedPurchase.objects.count()) == ("failed", False, 0)
    assert run.problem_text.startswith("The import waited for a decision for two weeks")


def test_file_of_a_finished_import_is_removed_once(run):
    runner.remove_file(run)
    runner.remove_file(run)

    run.refresh_from_db()
    assert not run.file


def test_undo_of_what_was_never_finished_is_refused(run):
    with pytest.raises(services.ValidationError, match="Only a finished import"):
        services.undo_run(run=run, actor=run.created_by)


def test_confirming_twice_writes_once(run):
    confirmed(run)
    services.confirm_run(run=run, actor=run.created_by)
    runner.advance(run.pk)
    services.confirm_run(run=run, actor=run.created_by)
    runner.advance(run.pk)

    assert Purchase.objects.count() == 50


def test_mapping_twice_checks_once(run):
    runner.advance(run.pk)

    again = services.check_run(run=run, actor=run.created_by, mapping={}, options={})

    assert (again.state, again.mapping) == ("checked", run.mapping)


def test_mapping_of_a_removed_file_cannot_be_changed(run):
    runner.advance(run.pk)
    runner.remove_file(run)

    with pytest.raises(services.ValidationError, match="no longer there"):
        services.remap_run(run=run, actor=run.created_by)


def test_upload_survives_a_dead_broker(db, monkeypatch, django_capture_on_commit_callbacks):
    def refuse(*args, **kwargs):
        raise OSError("no broker")

    run = uploaded(UserFactory(manager=True))
    monkeypatch.setattr(tasks.advance, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        services.check_run(run=run, actor=run.created_by, mapping={}, options={})

    run.refresh_from_db()
    assert run.state == "checking"


def test_unexpected_failure_of_an_upload_leaves_no_file(db, monkeypatch, settings):
    def broken(path, **chosen):
        raise RuntimeError("bug")

    monkeypatch.setattr(purchases, "recognise", broken)

    with pytest.raises(RuntimeError):
        uploaded(UserFactory(manager=True))

    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_issue_and_run_speak_in_sentences(db):
    run = ImportRunFactory(failed=True)
    issue = ImportIssue(message="The %(what)s.", params={"what": "end"})

    assert (str(issue), run.problem_text, run.undo_refused_text) == ("The end.", "It is bad.", "")
    assert ImportRunFactory(problem="Old.").problem_text == "Old."
