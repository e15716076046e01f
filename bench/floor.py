"""The floor: a one-file Django application on tables of its own, one query and one template a page.

What it costs is what the framework costs; the product is measured beside it.
"""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

if not settings.configured:
    import environ

    database = environ.Env().db("DATABASE_URL") | {"CONN_MAX_AGE": None}
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        USE_I18N=False,
        DATABASES={"default": database},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    django.setup()

TABLES = """
DROP TABLE IF EXISTS floor_answer, floor_response, floor_task, floor_client;
CREATE TABLE floor_task (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, project int NOT NULL,
  title text NOT NULL, status smallint NOT NULL, priority smallint NOT NULL, person int, due date);
CREATE INDEX ON floor_task (project, due, id) WHERE status < 5;
CREATE INDEX ON floor_task (project, status, id);
CREATE TABLE floor_client (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
  stage text NOT NULL, owner text NOT NULL);
CREATE INDEX ON floor_client (name);
CREATE TABLE floor_response (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, survey int);
CREATE TABLE floor_answer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  response bigint REFERENCES floor_response, question int, score smallint);
CREATE INDEX ON floor_answer (response);
"""
FILL = """
INSERT INTO floor_task (project, title, status, priority, person, due)
SELECT CASE WHEN n <= 1000 THEN 1 ELSE 2 + n % 199 END,
  'Agree the agenda with the client, part ' || n, 1 + n % 5, 1 + n % 4, n % 200,
  DATE '2026-01-01' + n % 365
FROM generate_series(1, 50000) AS n;
INSERT INTO floor_client (name, stage, owner)
SELECT 'Client ' || n, 'loyal', 'Person ' || n % 200 FROM generate_series(1, 5000) AS n
"""
LIST = """SELECT id, title, status, priority, person, due FROM floor_task
WHERE project = %s AND status < 5 ORDER BY due, id LIMIT 50"""
BOARD = """SELECT t.* FROM generate_series(1, 5) s CROSS JOIN LATERAL (
SELECT id, title, status, priority, person, due FROM floor_task
WHERE project = %s AND status = s ORDER BY id LIMIT 50) t"""
OVERVIEW = """SELECT project, count(*) FILTER (WHERE status < 5) AS open,
count(*) FILTER (WHERE status < 5 AND due < current_date) AS late FROM floor_task
GROUP BY project ORDER BY project"""
CLIENTS = "SELECT id, name, stage, owner FROM floor_client ORDER BY name LIMIT 50"
FOUND = """SELECT id, title, status, priority, person, due FROM floor_task
WHERE title ILIKE %s ORDER BY id DESC LIMIT 50"""
HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Floor</title></head>
<body>"""
FOOT = "</body></html>"
PAGE = (
    HEAD
    + """<table>{% for t in rows %}<tr><td><a href="/tasks/{{ t.id }}/">{{ t.id }}</a></td>
<td>{{ t.title }}</td>
<td>{% if t.status == 1 %}open{% else %}other{% endif %}</td><td>{{ t.priority }}</td>
<td><a href="/people/{{ t.person }}/">{{ t.person }}</a></td><td>{{ t.due|date:"Y-m-d" }}</td></tr>
{% endfor %}</table>"""
    + FOOT
)
CARDS = (
    HEAD
    + """{% for t in rows %}{% ifchanged t.status %}<h2>{{ t.status }}</h2>{% endifchanged %}
<article id="t{{ t.id }}"><a href="/tasks/{{ t.id }}/">{{ t.title }}</a><i>{{ t.priority }}</i>
<b>{{ t.person }}</b><time>{{ t.due|date:"Y-m-d" }}</time></article>{% endfor %}"""
    + FOOT
)
COUNTS = (
    HEAD
    + """<table>{% for p in rows %}<tr><td><a href="/p/{{ p.project }}/">{{ p.project }}</a>
</td><td>{{ p.open }}</td><td>{{ p.late }}</td></tr>{% endfor %}</table>"""
    + FOOT
)
PEOPLE = (
    HEAD
    + """<table>{% for c in rows %}<tr><td><a href="/c/{{ c.id }}/">{{ c.name }}</a></td>
<td>{{ c.stage }}</td><td>{{ c.owner }}</td></tr>{% endfor %}</table>"""
    + FOOT
)
FORM = (
    HEAD
    + """<form method="post">{% for q in questions %}<fieldset><legend>{{ q }}</legend>
{% for n in points %}<label><input type="radio" name="q{{ q }}" value="{{ n }}"> {{ n }}</label>
{% endfor %}</fieldset>{% endfor %}<button>Send</button></form>"""
    + FOOT
)
templates = {}


def render(text, context):
    if text not in templates:
        templates[text] = engines["django"].from_string(text)
    return HttpResponse(templates[text].render(context))


def rows_of(sql, values=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def page(template, sql, values=()):
    return lambda request: render(template, {"rows": rows_of(sql, values)})


@csrf_exempt
def task(request):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO floor_task (project, title, status, priority) VALUES (1, %s, 1, 2)",
            [request.POST["title"]],
        )
    return HttpResponse(status=302, headers={"Location": "/tasks"})


@csrf_exempt
def survey(request):
    if request.method == "GET":
        return render(FORM, {"questions": range(10), "points": range(11)})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO floor_response (survey) VALUES (1) RETURNING id")
        (response,) = cursor.fetchone()
        rows = [(response, n, int(request.POST[f"q{n}"])) for n in range(10)]
        holes = ", ".join(["(%s, %s, %s)"] * len(rows))
        values = [value for row in rows for value in row]
        sql = f"INSERT INTO floor_answer (response, question, score) VALUES {holes}"  # noqa: S608
        cursor.execute(sql, values)
    return HttpResponse(status=302, headers={"Location": "/thanks"})


def seed():
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute(FILL)


urlpatterns = [
    path("tasks", page(PAGE, LIST, [1])),
    path("board", page(CARDS, BOARD, [1])),
    path("overview", page(COUNTS, OVERVIEW)),
    path("clients", page(PEOPLE, CLIENTS)),
    path("search", page(PAGE, FOUND, ["%agenda%"])),
    path("task", task),
    path("survey", survey),
]
application = get_wsgi_application() if __name__ == settings.ROOT_URLCONF else None
