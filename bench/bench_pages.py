"""Pages under load: the product's own server beside gunicorn and the floor (bench/floor.py).

python -m bench.bench_pages [SECONDS PER CELL]
"""

import itertools
import sys
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from bench import database, servers
from bench.client import Request, measure

CONNECTIONS = (1, 8)
TASKS, INVITATIONS, QUESTIONS = 1000, 20_000, 10
HEADINGS = f"{'page':<30}{'server':<10}{'conn':>5}{'req/s':>8}{'p50 ms':>8}{'p95 ms':>8}"
HEADINGS += f"{'CPU ms':>8}{'queries':>8}{'kB':>7}{'MiB':>6}  errors"


@dataclass
class Page:
    name: str
    make: object
    good: object
    queries: object = ""


def out(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def cell(server, name, page, connections, seconds):
    measure(server.address, page.make, page.good, connections, min(1, seconds))
    before = server.cpu_seconds()
    result = measure(server.address, page.make, page.good, connections, seconds)
    asked = max(1, len(result.times) + result.errors)
    cpu = (server.cpu_seconds() - before) / asked * 1000
    p50, p95 = result.percentile(0.5), result.percentile(0.95)
    figures = f"{result.rate:>8.0f}{p50 or 0:>8.1f}{p95 or 0:>8.1f}{cpu:>8.1f}{page.queries!s:>8}"
    sizes = f"{result.size / 1024:>7.1f}{server.memory_mib():>6}"
    errors = f"  {result.errors} {result.note}" if result.errors else ""
    out(f"{page.name:<30}{name:<10}{connections:>5}{figures}{sizes}{errors}")


def measure_all(app, probe, pages, seconds, names):
    for name in names:
        with servers.running(name, app, probe) as server:
            for page, connections in itertools.product(pages, CONNECTIONS):
                if isinstance(page.queries, int):
                    cell(server, name, page, connections, seconds)
                else:
                    out(f"{page.name:<30}{name:<10} not measured: it answers {page.queries}")


def floor_pages():
    body = urlencode({f"q{n}": 7 for n in range(QUESTIONS)}).encode()
    return [
        Page("floor: list of 50 rows", lambda n: Request("/tasks"), is_page, 1),
        Page("floor: survey form", lambda n: Request("/survey"), is_page, 0),
        Page("floor: survey submission", lambda n: Request("/survey", "POST", {}, body), moved, 2),
    ]


def is_page(status, body):
    return status == 200 and b"</html>" in body


def moved(status, body):
    return status == 302


def product_pages():
    """Seed and describe the product's pages; models exist only after django.setup()."""
    from bench import seeding  # noqa: PLC0415

    project, user = seeding.project_with_tasks(TASKS)
    tokens, questions = seeding.invitations(INVITATIONS, QUESTIONS, project)
    database.analyse()
    signed_in = {"Cookie": seeding.session_cookie(user)}
    probe = seeding.QueryCounter(user)
    pages = []
    for name, path in seeding.signed_in_paths(project):
        make = lambda n, path=path: Request(path, headers=signed_in)  # noqa: E731
        pages.append(Page(name, make, is_page, probe.get(path)))
    anonymous = seeding.QueryCounter()
    form = f"/s/{tokens[0]}/"
    pages.append(Page("survey form", lambda n: Request(form), is_page, anonymous.get(form)))
    last, fresh = tokens[-1], iter(tokens[1:-1])
    submit = lambda token: submission(token, questions)  # noqa: E731
    count = anonymous.post(f"/s/{last}/", answers(questions))
    pages.append(Page("survey submission", lambda n: submit(next(fresh)), moved, count))
    return pages


def answers(questions):
    return {f"q{pk}": 4 for pk in questions} | {"submission_key": str(uuid.uuid4())}


def submission(token, questions):
    secret = "a" * 32
    body = urlencode(answers(questions) | {"csrfmiddlewaretoken": secret}).encode()
    return Request(f"/s/{token}/", "POST", {"Cookie": f"csrftoken={secret}"}, body)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4
    database.prepare_environment()
    with database.fresh():
        # The floor's tables live in the same database, so both ask the same server.
        from bench import floor  # noqa: PLC0415

        floor.seed()
        out(HEADINGS)
        measure_all("bench.floor:application", "/tasks", floor_pages(), seconds, ["granian"])
        pages = product_pages()
        measure_all("config.wsgi:application", "/healthz", pages, seconds, servers.SERVERS)


if __name__ == "__main__":
    main()
