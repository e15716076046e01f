import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from imports import registry
from imports.models import ImportRun
from projects.models import BoardColumn, Comment, Label, Task
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.projects import BoardColumnFactory, ProjectFactory
from tests.imports.samples import board, card, ident, without

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


@pytest.fixture
def project():
    return ProjectFactory()


@pytest.fixture
def send_board(client, project):
    """Upload a board on the project's own page."""

    def send_board(found, name="board.json"):
        content = found if isinstance(found, bytes) else json.dumps(found).encode()
        file = SimpleUploadedFile(name, content)
        url = reverse("imports:project_import", args=[project.pk])
        response = client.post(url, {"file": file})
        return response, ImportRun.objects.order_by("pk").last()

    return send_board


@pytest.fixture
def import_whole(client, send_board, send_mapping, work_off):
    def import_whole(found, **changes):
        response, run = send_board(found)
        assert response.status_code == 302, text_of(response)
        response = send_mapping(run, **changes)
        assert response.status_code == 302, response.context["form"].errors
        run = work_off(run)
        client.post(reverse("imports:run_confirm", args=[run.pk]))
        return work_off(run)

    return import_whole


def test_board_becomes_columns_tasks_steps_and_comments(client, sign_in, project, import_whole):
    user = sign_in("lead", project)
    anne = UserFactory(name="Anne Bernard")
    grant(anne, "member", project)

    run = import_whole(board())

    assert run.state == "applied", run.problem_text
    tasks = {task.title: task for task in Task.objects.select_related("column")}
    assert set(tasks) == {"Call the port", "Draw the map", "Sign the lease"}
    first = tasks["Call the port"]
    assert (first.column.name, first.assignee, first.created_by) == ("To do", anne, user)
    assert [(i.text, i.is_done) for i in first.checklist_items.all()] == [
        ("First", True),
        ("Second", False),
    ]
    comment = Comment.objects.get()
    assert (comment.author, comment.body) == (anne, "Nobody answers.")
    assert comment.created_at.isoformat() == "2024-04-01T08:30:00+00:00"
    assert first.created_at.isoformat() == "2023-11-03T10:43:25+00:00"
    assert [(label.name, label.colour) for label in first.labels.all()] == [("Urgent", "red")]
    assert tasks["Draw the map"].due_on.isoformat() == "2024-05-01"
    done = tasks["Sign the lease"]
    assert (done.column.category, done.progress, done.archived_at is None) == ("done", 100, False)
    project.refresh_from_db()
    assert project.last_task_number == 3
    assert "3 tasks were imported." in text_of(client.get(run.get_absolute_url()))


def test_report_lists_what_is_not_imported(
    client, sign_in, project, send_board, send_mapping, work_off
):
    sign_in("lead", project)
    found = board(memberships=[{"id": ident(5)}], desc="About")
    found["cards"][0] |= {"cover": {"color": "red"}, "stickers": [1], "novelty": 7}
    _, run = send_board(found)
    send_mapping(run)
    run = work_off(run)

    losses = {what: count for what, count, _why in run.summary["losses"]}
    page = text_of(client.get(run.get_absolute_url()))

    assert losses["card.cover"] == losses["card.novelty"] == losses["board.memberships"] == 1
    assert losses["actions: createCard"] == 1
    assert "The history of changes stays in Trello; comments are imported." in page


def test_importing_the_board_again_changes_nothing(sign_in, project, import_whole):
    sign_in("lead", project)
    import_whole(board())
    before = list(Task.objects.order_by("pk").values()) + list(BoardColumn.objects.values())

    run = import_whole(board())

    assert (run.summary["known_tasks"], run.summary["new_tasks"]) == (3, 0)
    assert list(Task.objects.order_by("pk").values()) + list(BoardColumn.objects.values()) == before
    assert (Comment.objects.count(), Label.objects.count()) == (1, 1)


def test_undo_leaves_the_project_as_before(client, sign_in, project, import_whole, work_off):
    sign_in("lead", project)
    BoardColumnFactory(project=project, name="Own")
    run = import_whole(board())

    client.post(reverse("imports:run_undo", args=[run.pk]))
    run = work_off(run)

    assert (run.state, Task.objects.count(), Label.objects.count()) == ("undone", 0, 0)
    assert [column.name for column in project.columns.all()] == ["Own"]
    project.refresh_from_db()
    assert project.last_task_number == 0


def test_undo_says_what_stands_in_its_way(client, sign_in, project, import_whole, work_off):
    sign_in("lead", project)
    run = import_whole(board())
    Task.objects.filter(title="Draw the map").update(version=2)

    client.post(reverse("imports:run_undo", args=[run.pk]))
    run = work_off(run)

    page = text_of(client.get(run.get_absolute_url()))
    assert (run.state, Task.objects.count()) == ("applied", 3)
    assert "This import cannot be undone: 1 imported task has been changed since." in page


CARD = card(1, "A card", 11, idBoard=ident(1), badges={"votes": 1})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n\0", "This is a PNG picture, not a Trello export."),
        (b"PK\x05\x06" + b"\0" * 20, "This is an empty ZIP archive, not a Trello export."),
        (b"Customer,Date\n1,2\n", "the file begins with “Customer,Date 1,2”, which is not JSON"),
        (json.dumps(board()).encode()[:-40], "The file breaks off at line 1, column"),
        (b'{"lists": [}]', "The JSON is damaged at line 1, column 12."),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "nested too deeply"),
        (json.dumps(without(board(), "cards")), "The key “cards” is missing"),
        (json.dumps(without(board(), "lists")), "The key “lists” is missing"),
        (json.dumps(board(cards={"a": 1})), "The key “cards” holds an object instead of a list."),
        (json.dumps(board(lists=None)), "The key “lists” holds nothing (null) instead of a list."),
        (json.dumps(CARD), "This is the export of one card (“A card”), not of a board"),
        (json.dumps([CARD]), "This file holds only cards as Trello"),
        (json.dumps([{"id": "1", "idBoard": "2", "pos": 1}]), "holds only lists"),
        (json.dumps([{"id": "1", "idBoard": "2", "color": None}]), "holds only labels"),
        (json.dumps([{"id": "1", "checkItems": []}]), "holds only checklists"),
        (json.dumps([{"id": "1", "fullName": "A"}]), "holds only members"),
        (json.dumps([{"id": "1", "type": "x", "data": {}}]), "holds only actions"),
        (json.dumps({"id": 1, "checkItems": []}), "holds only checklists"),
        (b"[]", "The file holds no board"),
        (b"[1, 2]", "The file holds no board"),
        (b'{"issues": [], "total": 3}', "(found: issues, total)"),
        (json.dumps([{"a": 1}]), "(found: a)"),
        (json.dumps(board(cards=[], lists=[])), "has no lists and no cards"),
        (json.dumps({"boards": [without(board(), "cards")]}), "The key “cards” is missing"),
    ],
)
def test_file_that_is_no_board_is_refused_in_the_page(
    sign_in, project, send_board, content, sentence
):
    sign_in("lead", project)

    response, run = send_board(content if isinstance(content, bytes) else content.encode())

    assert response.status_code == 422
    assert sentence in text_of(response)
    assert run is None


def test_text_that_is_a_number_is_no_board(sign_in, project, send_board):
    sign_in("lead", project)

    response, _ = send_board(b"\xef\xbb\xbf{}")

    assert "The file holds no board" in text_of(response)


def test_large_board_is_read_by_the_worker(
    client, sign_in, project, send_board, work_off, monkeypatch
):
    monkeypatch.setattr(registry.trello, "LARGE", 10)
    sign_in("lead", project)

    _, run = send_board(board())
    assert run.state == "reading"
    run = work_off(run)

    assert run.state == "uploaded"
    assert "Lists of the board" in text_of(client.get(run.get_absolute_url(), follow=True))


def test_large_file_that_is_no_board_fails_with_the_sentence(
    client, sign_in, project, send_board, work_off, monkeypatch
):
    monkeypatch.setattr(registry.trello, "LARGE", 10)
    sign_in("lead", project)

    _, run = send_board(without(board(), "cards"))
    run = work_off(run)

    assert run.state == "failed"
    assert "The key “cards” is missing" in text_of(client.get(run.get_absolute_url()))


def test_one_board_of_several_is_chosen(
    client, sign_in, project, send_board, send_mapping, work_off
):
    sign_in("lead", project)
    other = board(name="Second", lists=[{"id": ident(71), "name": "Only", "pos": 1}], cards=[])
    _, run = send_board({"boards": [board(), other]})

    shown = send_mapping(run, board="1")
    assert "Only" in text_of(shown)
    assert shown.status_code == 200
    data = {"board": "1", "shown": "1", "list_0": "new:doing", "archived": "on"}
    client.post(reverse("imports:run_map", args=[run.pk]), data)
    run = work_off(run)

    assert (run.summary["board"], run.summary["new_columns"]) == ("Second", ["Only"])


def test_lists_go_into_own_columns_or_stay_out(sign_in, project, import_whole):
    sign_in("lead", project)
    own = BoardColumnFactory(project=project, name="Somewhere")

    run = import_whole(board(), list_0=f"col:{own.pk}", list_1="skip")

    assert run.summary["result"]["tasks"] == 2
    assert set(Task.objects.values_list("column", flat=True)) == {own.pk}
    assert ["Cards in lists that are left out", 1] in [loss[:2] for loss in run.summary["losses"]]


def test_leaving_all_lists_out_is_refused(sign_in, project, send_board, send_mapping):
    sign_in("lead", project)
    _, run = send_board(board())

    response = send_mapping(run, list_0="skip", list_1="skip")

    assert response.status_code == 422
    assert "All lists are left out." in text_of(response)


def test_column_of_another_project_cannot_be_chosen(sign_in, project, send_board, send_mapping):
    sign_in("lead", project)
    foreign = BoardColumnFactory()
    _, run = send_board(board())

    response = send_mapping(run, list_0=f"col:{foreign.pk}")

    assert "list_0" in response.context["form"].errors


def test_person_without_a_role_cannot_be_chosen(sign_in, project, send_board, send_mapping):
    sign_in("lead", project)
    _, run = send_board(board())

    response = send_mapping(run, member_0=str(UserFactory().pk))

    assert "member_0" in response.context["form"].errors


def test_manager_imports_a_board_from_the_general_page(sign_in, project, upload):
    user = sign_in("manager")
    grant(user, "lead", project)

    response, run = upload(json.dumps(board()), "b.json", kind="trello", project=project)

    assert (response.status_code, run.project) == (302, project)


def test_board_without_a_project_is_asked_for_one(sign_in, upload):
    sign_in("manager")

    response, _ = upload(json.dumps(board()), "b.json", kind="trello")

    assert "Choose the project that the board comes to." in text_of(response)


def test_project_that_one_does_not_lead_cannot_be_chosen(sign_in, project, upload):
    user = sign_in("manager")
    grant(user, "member", project)

    response, run = upload(json.dumps(board()), "b.json", kind="trello", project=project)

    assert (response.status_code, run) == (422, None)


def test_lead_who_lost_the_role_cannot_write(
    client, sign_in, project, send_board, send_mapping, work_off
):
    user = sign_in("lead", project)
    _, run = send_board(board())
    send_mapping(run)
    work_off(run)
    client.post(reverse("imports:run_confirm", args=[run.pk]))
    user.project_access.all().delete()

    run = work_off(run)

    assert (run.state, Task.objects.count()) == ("failed", 0)
    assert "The right to import was withdrawn" in run.problem_text


NAMES = [
    "chat_server_fr_2023.json",
    "clipkit_ja_2015.json",
    "food_recalls_en_2015.json",
    "game_notes_checklists_en_2025.json",
    "one_card_board_en_2021.json",
]
REFUSED = {
    "customer_pipeline_zh-Hant_2019_no_cards.json": "The key “cards” is missing",
    "single_card_cs_2026.json": "This is the export of one card (“Stínování, barevnost”)",
    "rest_template_boards_en_2023/cards.json": "holds only cards",
    "rest_template_boards_en_2023/lists.json": "holds only lists",
    "rest_template_boards_en_2023/labels.json": "holds only labels",
    "rest_template_boards_en_2023/checklists.json": "holds only checklists",
    "rest_template_boards_en_2023/members.json": "holds only members",
}


@pytest.mark.parametrize("name", NAMES)
def test_published_boards_are_imported_and_undone(
    client, shared_data, sign_in, project, import_whole, work_off, name
):
    sign_in("lead", project)
    content = (shared_data / "trello" / name).read_bytes()

    run = import_whole(json.loads(content))

    assert run.state == "applied", run.problem_text
    assert Task.objects.count() == run.summary["new_tasks"] > 0
    client.post(reverse("imports:run_undo", args=[run.pk]))
    assert work_off(run).state == "undone"
    assert (Task.objects.count(), project.columns.count(), Label.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(("name", "sentence"), REFUSED.items())
def test_published_files_that_are_no_board_are_refused(
    shared_data, sign_in, project, send_board, name, sentence
):
    sign_in("lead", project)

    response, run = send_board((shared_data / "trello" / name).read_bytes())

    assert (response.status_code, run) == (422, None)
    assert sentence in text_of(response)


def test_lead_finds_the_import_on_the_project(client, sign_in, project):
    sign_in("lead", project)

    address = reverse("imports:project_import", args=[project.pk])
    assert address in text_of(client.get(project.get_absolute_url()))


def test_board_of_a_project_is_chosen_beforehand(client, sign_in, project):
    sign_in("admin")

    page = client.get(reverse("imports:run_create") + f"?project={project.pk}")

    assert page.context["form"]["kind"].value() == "trello"
    assert page.context["form"]["project"].value() == str(project.pk)


def test_bookkeeping_is_folded_away(client, sign_in, project, send_board, send_mapping, work_off):
    sign_in("lead", project)
    found = board()
    found["cards"][0]["idShort"] = 7
    _, run = send_board(found)
    send_mapping(run)
    run = work_off(run)

    report = client.get(run.get_absolute_url()).context["report"]

    assert "card.idShort" in [loss["what"] for loss in report["bookkeeping"]]
    assert "actions: createCard" in [loss["what"] for loss in report["losses"]]
