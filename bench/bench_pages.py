"""Pages under load: each beside its floor (bench/floor.py), under granian and gunicorn.

python -m bench.bench_pages [SECONDS PER CELL]

Data: 200 projects, 50,000 tasks, 1,000 of them in the measured project, 200 people, 6,000 clients.
The floor is the same page with one query, one template and no middleware; its CPU stands beside
ours. CPU is that of the server's processes per request, without PostgreSQL. Every second cell is
gunicorn's: both servers meet the same load of the machine.
"""

import contextlib
import sys
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from bench import database, servers
from bench.client import Request, measure

CONNECTIONS = 8
PROJECTS, TASKS, ALL_TASKS, PEOPLE, INVITATIONS, QUESTIONS = 200, 1000, 50_000, 200, 6_000, 10
HEADINGS = f"{'page':<20}{'server':<10}{'req/s':>7}{'p50 ms':>8}{'p95 ms':>8}{'CPU ms':>8}"
HEADINGS += f"{'aim':>6}{'floor':>7}{'queries':>9}{'kB':>7}{'MiB':>6}  errors"
# CPU ms per request that the page should not exceed, and the address of its floor.
AIMS = {
    "task list": (14, "/tasks"),
    "board": (42, "/board"),
    "task page": (12, ""),
    "client list": (10, "/clients"),
    "overview": (14, "/overview"),
    "search": (7, "/search"),
    "create a task": (8, "/task"),
    "survey form": (4, "/survey"),
    "survey submission": (5, "/survey"),
    "bare view": ("", ""),
}
SECRET = "a" * 32  # a CSRF cookie and its field


@dataclass
class Page:
    name: str
    make: object
    good: object
    queries: object = ""


def out(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def cell(server, page, seconds):
    """(Result, CPU ms per request) of one page under load, after a short while to warm up."""
    measure(server.address, page.make, page.good, CONNECTIONS, min(0.5, seconds))
    before = server.cpu_seconds()
    result = measure(server.address, page.make, page.good, CONNECTIONS, seconds)
    asked = max(1, len(result.times) + result.errors)
    return result, (server.cpu_seconds() - before) / asked * 1000


def line(page, name, server, found, cpu, floor):
    p50, p95 = found.percentile(0.5) or 0, found.percentile(0.95) or 0
    times = f"{found.rate:>7.0f}{p50:>8.1f}{p95:>8.1f}{cpu:>8.1f}"
    beside = f"{AIMS[page.name][0]:>6}{floor:>7}{page.queries!s:>9}"
    sizes = f"{found.size / 1024:>7.1f}{server.memory_mib():>6}"
    errors = f"  {found.errors} {found.note}" if found.errors else ""
    out(f"{page.name:<20}{name:<10}{times}{beside}{sizes}{errors}")


def floors(seconds):
    """Page -> CPU ms of its floor."""
    found = {}
    with servers.running("granian", "bench.floor:application", "/tasks") as server:
        for name, (_aim, path) in AIMS.items():
            if path:
                _result, cpu = cell(server, floor_page(name, path), seconds / 2)
                found[name] = f"{cpu:.1f}"
    return found


def floor_page(name, path):
    if name == "create a task":
        body = urlencode({"title": "A task"}).encode()
    elif name == "survey submission":
        body = urlencode({f"q{n}": 7 for n in range(QUESTIONS)}).encode()
    else:
        return Page(name, lambda n: Request(path), is_page)
    return Page(name, lambda n: Request(path, "POST", {}, body), moved)


def is_page(status, body):
    return status == 200 and b"</html>" in body


def is_fine(status, body):
    return status == 200


def moved(status, body):
    return status == 302


def product_pages():
    """Seed and describe the product's pages; models exist only after django.setup()."""
    from bench import seeding  # noqa: PLC0415

    project, user = seeding.project_with_tasks(TASKS)
    seeding.further_projects(user, PROJECTS - 1, ALL_TASKS - TASKS, PEOPLE - 1)
    tokens, questions = seeding.invitations(INVITATIONS, QUESTIONS, project)
    database.analyse()
    cookie = seeding.session_cookie(user)
    probe, anonymous = seeding.QueryCounter(user), seeding.QueryCounter()
    paths = seeding.paths(project)
    create = paths.pop("create a task")
    pages = []
    for name, path in paths.items():
        make = lambda n, path=path: Request(path, headers={"Cookie": cookie})  # noqa: E731
        pages.append(Page(name, make, is_page, probe.get(path)))
    column = project.columns.first().pk
    count = probe.post(create, new_task(column))
    pages.append(
        Page("create a task", lambda n: post(create, new_task(column), cookie), moved, count)
    )
    form = f"/s/{tokens[0]}/"
    pages.append(Page("survey form", lambda n: Request(form), is_page, anonymous.get(form)))
    last, fresh = tokens[-1], iter(tokens[1:-1])
    count = anonymous.post(f"/s/{last}/", answers(questions))
    submit = lambda n: post(f"/s/{next(fresh)}/", answers(questions))  # noqa: E731
    pages.append(Page("survey submission", submit, moved, count))
    pages.append(Page("bare view", lambda n: Request("/healthz"), is_fine, 0))
    return pages


def new_task(column):
    fields = {"title": "A task", "column": column, "priority": 2, "progress": 0}
    return fields | {"key": str(uuid.uuid4())}


def answers(questions):
    return {f"q{pk}": 4 for pk in questions} | {"submission_key": str(uuid.uuid4())}


def post(path, fields, cookie=""):
    from django.conf import settings  # noqa: PLC0415 - chosen by then

    cookies = [f"{settings.CSRF_COOKIE_NAME}={SECRET}", *filter(None, [cookie])]
    body = urlencode(fields | {"csrfmiddlewaretoken": SECRET}).encode()
    return Request(path, "POST", {"Cookie": "; ".join(cookies)}, body)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3
    database.prepare_environment()
    with database.fresh(), contextlib.ExitStack() as stack:
        # The floor's tables live in the same database, so both ask the same server.
        from bench import floor  # noqa: PLC0415

        floor.seed()
        beside = floors(seconds)
        pages = product_pages()
        app = "config.wsgi:application"
        started = {
            name: stack.enter_context(servers.running(name, app, "/healthz"))
            for name in servers.SERVERS
        }
        out(HEADINGS)
        for page in pages:
            if not isinstance(page.queries, int):
                out(f"{page.name:<20} not measured: it answers {page.queries}")
                continue
            for name, server in started.items():
                line(page, name, server, *cell(server, page, seconds), beside.get(page.name, ""))


if __name__ == "__main__":
    main()
