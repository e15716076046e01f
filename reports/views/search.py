from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.views import page, render_page
from reports.search import KINDS, all_of_kind, find, find_key, hits_of

PER_PAGE = 50
MAX_LENGTH = 200


def _typed(request):
    return request.GET.get("q", "").replace("\x00", "").strip()[:MAX_LENGTH]


def _commands(user, text):
    """What a person can start from the palette; matched by any word of its name."""
    commands = [
        ("plus", _("New task"), reverse("projects:quick_add"), "n"),
        ("inbox", _("My work"), reverse("projects:my_work"), "g w"),
        ("users-group", _("Client groups"), reverse("clientgroups:group_list"), "g c"),
        ("layout-dashboard", _("Projects"), reverse("projects:project_list"), ""),
        ("message-star", _("Surveys"), reverse("feedback:survey_list"), "g s"),
        ("settings", _("Your profile"), reverse("accounts:profile"), ""),
    ]
    if user.is_manager:
        commands += [
            ("users-group", _("New client group"), reverse("clientgroups:group_create"), ""),
            ("file-import", _("Import purchases or a board"), reverse("imports:run_create"), ""),
        ]
    return [entry for entry in commands if text.casefold() in entry[1].casefold()]


@page("reports.search")
def search(request):
    text, kind = _typed(request), request.GET.get("kind", "")
    context = {"q": text, "kind": kind, "kinds": KINDS}
    if kind in KINDS:
        rows = Paginator(all_of_kind(user=request.user, text=text, kind=kind), PER_PAGE)
        context["page"] = rows.get_page(request.GET.get("page"))
        hits = hits_of(context["page"].object_list, kind, text)
        context["sections"] = [(KINDS[kind], kind, hits)] if hits else []
    else:
        found = find(user=request.user, text=text, each=8)
        context["sections"] = [(KINDS[name], name, hits) for name, hits in found.items()]
        context["direct"] = find_key(user=request.user, text=text)
    return render_page(request, "reports/search/list", context)


@page("reports.search")
def palette(request):
    text = _typed(request)
    found = find(user=request.user, text=text, each=5)
    context = {
        "q": text,
        "commands": _commands(request.user, text),
        "direct": find_key(user=request.user, text=text),
        "sections": [(KINDS[name], name, hits) for name, hits in found.items()],
    }
    return render(request, "reports/search/_palette.html", context)
