from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from clientgroups.forms.value import SpanForm
from clientgroups.models import Client
from clientgroups.selectors import visible_group
from clientgroups.selectors.rates import value_policy
from clientgroups.selectors.value_flow import moves_in
from clientgroups.selectors.value_rows import KINDS, clients_behind, purchases_behind, with_worth
from clientgroups.views.value import of_everybody, of_group
from core.views import page, render_page

PAGE_SIZE = 50


def answer(request, subject, name, title, build):
    """The list behind a figure; an address that was not made by a page of ours says what it lacks.

    What the figure counts may go beyond what the person may open today: a client who has left all
    of their groups. Those are counted, not listed.
    """
    form = SpanForm(request.GET)
    context = {"subject": subject, "group": subject.group, "form": form, "title": title}
    if not form.is_valid():
        return render_page(request, f"clientgroups/value/{name}", context, status=422)
    rows, path, title = build(form)
    mine = rows.filter(**{f"{path}__in": Client.objects.visible_to(request.user).order_by()})
    listed = Paginator(mine, PAGE_SIZE).get_page(request.GET.get("page"))
    context |= {
        "title": title,
        "page": listed,
        "hidden": 0 if subject.group is None else rows.count() - listed.paginator.count,
        "start": form.cleaned_data["start"],
        "end": form.cleaned_data["end"],
        "currency": value_policy().base_currency,
    }
    return render_page(request, f"clientgroups/value/{name}", context)


def clients_page(request, subject):
    def build(form):
        asked = form.asked()
        rows = clients_behind(subject.scope, asked).select_related("owner")
        return rows.order_by("name", "pk"), "pk", KINDS[asked.what]

    return answer(request, subject, "clients", _("Clients behind a figure"), build)


def purchases_page(request, subject):
    def build(form):
        found = form.cleaned_data
        rows = purchases_behind(
            subject.scope, found["start"], found["end"], missing=found["missing"]
        )
        title = _("Purchases")
        if found["missing"]:
            title = _("Purchases in %(currency)s without a rate") % {"currency": found["missing"]}
        return with_worth(rows.select_related("client")), "client", title

    return answer(request, subject, "purchases", _("Purchases"), build)


def moves_page(request, subject):
    def build(form):
        found = form.cleaned_data
        rows = moves_in(subject.scope).filter(as_of__range=(found["start"], found["end"]))
        for name in ("before", "after"):
            if found[name]:
                rows = rows.filter(**{name: found[name]})
        rows = rows.select_related("client", "actor").order_by("-as_of", "-pk")
        return rows, "client", _("Moves between lifecycle stages")

    return answer(request, subject, "moves", _("Moves between lifecycle stages"), build)


@page("clientgroups.view", load=visible_group)
def group_value_clients(request, group):
    return clients_page(request, of_group(group))


@page("clientgroups.list")
def all_value_clients(request):
    return clients_page(request, of_everybody(request))


@page("clientgroups.view", load=visible_group)
def group_value_purchases(request, group):
    return purchases_page(request, of_group(group))


@page("clientgroups.list")
def all_value_purchases(request):
    return purchases_page(request, of_everybody(request))


@page("clientgroups.view", load=visible_group)
def group_value_moves(request, group):
    return moves_page(request, of_group(group))


@page("clientgroups.list")
def all_value_moves(request):
    return moves_page(request, of_everybody(request))
