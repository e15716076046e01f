"""The main job from the first sign-in to the score, with every process really running.

A live server, a Celery worker and beat, PostgreSQL, Valkey, an SMTP server and Chromium.
"""

import datetime as dt
import re
from urllib.request import Request, urlopen

import pytest
import redis
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import JobRun, User
from clientgroups.models import Client, ClientGroup, Contact, Purchase
from config.celery import app
from feedback.models import Answer, Invitation, SatisfactionRollup, Survey
from notifications.models import Message
from projects.models import ChecklistItem, Goal, Project, Task
from tests.factories.accounts import PASSWORD, UserFactory
from tests.journeys.inputs import CLIENTS, purchases_text, trello_board
from tests.notifications.post_office import post_office
from tests.waiting import wait_for
from tests.workers import celery_running

ANSWERS = 14


@pytest.fixture
def office(tmp_path, settings, live_server, transactional_db):
    """The jobs really run each second; gives the mail server that takes what they send."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SITE_URL = live_server.url
    app.conf.task_always_eager = False
    with post_office() as office:
        environment = {
            "KEY_PREFIX": settings.KEY_PREFIX,
            "EMAIL_URL": f"smtp://127.0.0.1:{office.port}",
            "SITE_URL": live_server.url,
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        }
        with celery_running(tmp_path, **environment):
            yield office
    app.conf.task_always_eager = True


def upload(page, name, text):
    page.get_by_label("File", exact=False).last.set_input_files(
        {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Upload").click()


def sign_in(open_page, person):
    page = open_page(None, "/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(person.name)
    return page


def import_purchases(page):
    page.goto("/imports/new/")
    upload(page, "log.txt", purchases_text())
    page.get_by_label("Customer number").select_option(index=1)
    page.get_by_role("button", name="Check the file").click()
    button = page.get_by_role("button", name="Import", exact=True)
    button.wait_for(timeout=40_000)
    assert Purchase.objects.count() == 0
    button.click()
    expect(page.get_by_text("purchases were imported")).to_be_visible(timeout=40_000)
    assert Client.objects.count() == CLIENTS
    stages = set(Client.objects.values_list("stage", flat=True))
    assert stages == {"existing", "loyal", "lapsed"}


def create_group(page):
    """A rule, its size while it is written, and the members at once."""
    page.goto("/groups/new/")
    page.locator("[name=name]").fill("Loyal buyers")
    page.get_by_label("Value", exact=True).select_option("loyal")
    expect(page.get_by_text(re.compile(rf"\b{CLIENTS // 4}\b")).first).to_be_visible()
    page.get_by_role("button", name="Create group").last.click()
    group = ClientGroup.objects.get()
    expect(page.get_by_role("heading", level=1)).to_have_text("Loyal buyers")
    assert group.member_count == CLIENTS // 4
    return group


def create_project(page, group):
    page.goto(f"/projects/new/?group={group.pk}")
    page.locator("[name=name]").fill("Keep them loyal")
    page.locator("[name=key]").fill("KTL")
    page.get_by_role("button", name="Start project").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep them loyal")
    return Project.objects.get()


def import_board(page, project):
    page.goto(f"/imports/projects/{project.pk}/")
    upload(page, "board.json", trello_board())
    page.get_by_role("button", name="Check the file").click()
    button = page.get_by_role("button", name="Import", exact=True)
    button.wait_for(timeout=20_000)
    # The report names what Trello has and Tandem does not take over.
    lost = page.get_by_text("powerUps").first
    page.locator("details").filter(has=lost).locator("summary").first.click()
    expect(lost).to_be_visible()
    button.click()
    expect(page.get_by_text("tasks were imported")).to_be_visible(timeout=20_000)
    assert Task.objects.count() == 9
    assert ChecklistItem.objects.filter(is_done=True).get().text == "First step"


def work_the_board(page, project):
    """One card by mouse, the next by keyboard; the server keeps both."""
    page.goto(f"/projects/{project.pk}/board/")
    lanes = page.locator("[data-lane]").filter(has=page.locator(".kc"))
    expect(lanes).to_have_count(3)
    names = [lanes.nth(number).get_attribute("data-lane") for number in range(3)]
    lanes = page.locator(", ".join(f'[data-lane="{name}"]' for name in names))
    card = lanes.nth(0).locator(".kc").first
    moved = card.get_attribute("data-id")
    target = lanes.nth(1).locator(".kc").first.bounding_box()
    start = card.bounding_box()
    page.mouse.move(start["x"] + 90, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 120, start["y"] + 30, steps=4)
    page.mouse.move(target["x"] + 90, target["y"] + 12, steps=12)
    page.mouse.up()
    second = lanes.nth(1).get_attribute("data-lane")
    assert wait_for(lambda: Task.objects.filter(pk=moved, column_id=second).exists())

    card = lanes.nth(1).locator(".kc").first
    moved = card.get_attribute("data-id")
    every = page.locator("[data-lane]").evaluate_all("all => all.map(one => one.dataset.lane)")
    right = every[every.index(second) + 1]
    card.locator(".kc-t").focus()
    page.keyboard.press("Alt+ArrowRight")
    assert wait_for(lambda: Task.objects.filter(pk=moved, column_id=right).exists())
    expect(page.locator("#board-live")).not_to_be_empty()


def fill_goal(page, statement, **fields):
    page.locator("[name=statement]").fill(statement)
    for name, value in fields.items():
        field = page.locator(f"[name={name}]")
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def write_goals(page, project, group, manager):
    today = timezone.localdate()
    months = {"start_on": today.isoformat(), "due_on": (today + dt.timedelta(days=182)).isoformat()}
    page.goto(f"/projects/{project.pk}/goals/new/")
    fill_goal(page, "Satisfaction of this group at 85 within six months", source="csat")
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_text("Not stored yet")).to_be_visible()
    assert not Goal.objects.filter(state="active").exists()
    fill_goal(
        page,
        "Satisfaction of this group at 85 within six months",
        client_group=str(group.pk),
        baseline="60",
        target="85",
        owner=str(manager.pk),
        relevance="Loyal buyers carry a third of the sales.",
        attainability="The last survey stood at 78.",
        **months,
    )
    page.get_by_role("button", name="Save and start").click()
    goal = Goal.objects.get(state="active")
    for weight, name in (("3", "Answer within two hours"), ("1", "One contact per client")):
        page.goto(f"/projects/{project.pk}/goals/new/?parent={goal.pk}")
        fill_goal(
            page,
            name,
            metric="Share",
            unit="%",
            baseline="0",
            target="100",
            owner=str(manager.pk),
            weight=weight,
            relevance="They ask for it.",
            attainability="Two people are free for it.",
            start_on=months["start_on"],
            due_on=(today + dt.timedelta(days=90)).isoformat(),
        )
        page.get_by_role("button", name="Save and start").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert Goal.objects.filter(parent=goal, state="active").count() == 2
    return goal


def add_contacts(group):
    """The purchase file knows no people; one contact for each of the first members."""
    members = Client.objects.filter(memberships__client_group=group).order_by("pk")[:ANSWERS]
    Contact.objects.bulk_create(
        Contact(
            client=client,
            name=f"Contact {number}",
            email=f"contact{number}@example.org",
            language="zh-hans" if number == 0 else "en",
        )
        for number, client in enumerate(members)
    )


def send_survey(page, group, office):
    page.goto("/surveys/new/")
    page.get_by_label("Name").fill("Pulse")
    page.get_by_label("Client group").select_option(str(group.pk))
    page.get_by_role("button", name="Create draft").click()
    page.goto(Survey.objects.get().get_absolute_url())
    page.get_by_role("button", name="Publish version 1").click()
    page.get_by_role("link", name="Send a wave").first.click()
    page.get_by_role("button", name=f"Send to {ANSWERS} contacts").click()
    asked = [f"contact{number}@example.org" for number in range(ANSWERS)]
    assert wait_for(lambda: {to[0] for to, _mail in office.mails} >= set(asked), 30)
    return {
        to[0]: re.search(r"/s/[\w-]+/", mail.get_body(("plain",)).get_content()).group()
        for to, mail in office.mails
        if to[0] in asked
    }


def answer_in_chinese(open_page, link):
    page = open_page(None, link, width=390, script=False)
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    page.locator("fieldset.nps label").nth(9).click()
    page.locator("fieldset.csat label").nth(4).click()
    page.locator("textarea").fill("回复很快，谢谢。")
    page.locator("form button").last.click()
    page.wait_for_url("**/s/thanks/**")
    again = open_page(None, link, width=390, script=False, status=404)
    assert again.locator("form fieldset").count() == 0


def answer_by_form(base, link, happy):
    """What a browser sends, without one."""
    with urlopen(base + link) as response:  # noqa: S310
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        text = response.read().decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    nps, csat = re.findall(r'<fieldset id="([\w-]+)" class="q', text)
    fields |= {nps: "9" if happy else "3", csat: "5" if happy else "2"}
    body = "&".join(f"{key}={value}" for key, value in fields.items()).encode()
    urlopen(Request(base + link, body, {"Cookie": cookie, "Referer": base + link}))  # noqa: S310


def collect_answers(open_page, base, links):
    first, *others = (links[f"contact{number}@example.org"] for number in range(ANSWERS))
    answer_in_chinese(open_page, first)
    for number, link in enumerate(others):
        answer_by_form(base, link, happy=number % 6 != 0)
    assert Answer.objects.filter(metric="csat").count() == ANSWERS
    assert Invitation.objects.filter(state="answered").count() == ANSWERS


def read_the_score(page, group, goal):
    key = {"scope": "group", "scope_id": group.pk, "metric": "csat", "period_kind": "month"}
    assert wait_for(lambda: SatisfactionRollup.objects.filter(**key, n=ANSWERS).exists(), 30)
    row = SatisfactionRollup.objects.get(**key)
    shown = f"{row.score:.1f}"
    page.goto(group.get_absolute_url())
    expect(page.get_by_text(shown).first).to_be_visible()
    expect(page.get_by_text(re.compile(rf"n = {ANSWERS}")).first).to_be_visible()
    expect(page.get_by_text(re.compile("as of", re.IGNORECASE)).first).to_be_visible()
    assert wait_for(
        lambda: Goal.objects.filter(pk=goal.pk).exclude(current_value=None).exists(), 30
    )
    page.goto(goal.get_absolute_url())
    expect(
        page.locator(".st").filter(has_text=re.compile("On track|At risk|Behind|Too little")).first
    ).to_be_visible()
    page.goto("/")
    expect(page.get_by_text(shown).first).to_be_visible()
    expect(page.get_by_text(re.compile(rf"n = {ANSWERS}")).first).to_be_visible()


def remind_once(page, project, office):
    person = User.objects.get(email="maria@example.org")
    task = Task.objects.filter(column__category="todo").first() or Task.objects.first()
    page.goto(task.get_absolute_url())
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    Task.objects.filter(pk=task.pk).update(assignee=person, due_on=tomorrow, start_on=None)
    mails = Message.objects.filter(kind="task.due", recipient=person, state="sent")
    assert wait_for(mails.exists, 30)
    broker = redis.Redis.from_url(settings.REDIS_URL)
    for key in broker.scan_iter(f"{settings.KEY_PREFIX}:*"):
        broker.delete(key)
    assert runs_again("projects.tasks.remind_due_work", 3)
    sent = [
        mail
        for to, mail in office.mails
        if to == [person.email] and task.title in str(mail["Subject"])
    ]
    assert len(sent) == 1


def runs_again(name, times):
    """Wait until a job ran so many times more."""
    for _ in range(times):
        before = JobRun.objects.get(name=name).finished_at
        if not wait_for(lambda: JobRun.objects.get(name=name).finished_at != before, 20):  # noqa: B023
            return False
    return True


@pytest.mark.long
def test_the_main_job_end_to_end(open_page, office, live_server):
    manager = UserFactory(manager=True, name="Maria Manager", email="maria@example.org")
    page = sign_in(open_page, manager)
    import_purchases(page)
    group = create_group(page)
    project = create_project(page, group)
    import_board(page, project)
    work_the_board(page, project)
    goal = write_goals(page, project, group, manager)
    add_contacts(group)
    links = send_survey(page, group, office)
    collect_answers(open_page, live_server.url, links)
    read_the_score(page, group, goal)
    remind_once(page, project, office)
