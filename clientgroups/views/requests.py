from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.forms.requests import (
    EditForm,
    FieldForm,
    ReplyForm,
    RequestFilter,
    RequestForm,
    ResolveForm,
)
from clientgroups.models import Priority
from clientgroups.selectors import visible_client
from clientgroups.selectors.canned import canned_answers
from clientgroups.selectors.requests import (
    queue_counts,
    queue_of,
    servable_clients,
    story_of,
    visible_request,
    with_clocks,
)
from clientgroups.selectors.typeahead import find_clients
from clientgroups.services import requests as services
from clientgroups.services.request_mails import reaches_contact
from clientgroups.views.clients import querystring, saved
from core.paging import Sliced
from core.views import page, render_page

PAGE_SIZE, RECENT = 50, 8
EDIT = ("GET", "HEAD", "POST")


@page("clientgroups.list")
def request_list(request):
    found = RequestFilter(request.GET, queue_of(request.user), user=request.user)
    counts = queue_counts(request.user, found.now)
    rows = found.ordered
    if not found.narrowed and found.asked in counts:
        # The chip has counted them already.
        rows = Sliced(lambda: counts[found.asked], lambda *part: found.ordered[slice(*part)])
    listed = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    listed.object_list = with_clocks(list(listed.object_list), found.now)
    chips = [
        (
            f"{label} ({counts[key]})" if key in counts else label,
            querystring(request, show=key),
            found.asked == key,
        )
        for key, label in RequestFilter.SHOW
    ]
    context = {
        "page": listed,
        "filter": found,
        "chips": chips,
        "asked": found.narrowed or found.asked,
    }
    return render_page(request, "clientgroups/request/list", context)


@page("clientgroups.list")
def request_choose_client(request):
    text = request.GET.get("q", "").strip()[:120]
    mine = servable_clients(request.user)
    if text:
        hits = [hit.pk for hit in find_clients(request.user, text, limit=RECENT * 2)]
        rows = mine.in_bulk(hits)
        shown = [rows[pk] for pk in hits if pk in rows]
    else:
        recent = mine.filter(requests__assignee=request.user).order_by("-requests__opened_at")
        shown = list(dict.fromkeys(recent[: RECENT * 4]))[:RECENT]
    context = {"text": text, "clients": shown}
    return render_page(request, "clientgroups/request/choose_client", context)


@page("clientgroups.serve", load=visible_client, methods=EDIT)
def client_request_create(request, client):
    form = RequestForm(request.POST or None, client=client, user=request.user)
    row = saved(form, services.open_request, actor=request.user, client=client)
    if row:
        messages.success(request, _("%(number)s was written down.") % {"number": row.number})
        return redirect(row)
    context = {"client": client, "form": form}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/request/create", context, status=status)


def show(request, row, status=200, **extra):
    """The page of a request, also after a part of it was refused."""
    (row,) = with_clocks([row], timezone.now())
    story = story_of(row)
    may_serve = request.user.has_perm("clientgroups.serve", row)
    context = {
        "row": row,
        "story": story,
        "seen": max((entry.message.pk for entry in story if entry.message), default=0),
        "may_serve": may_serve,
        "reply": ReplyForm(),
        "mailable": reaches_contact(row),
        "followed_by": row.followed_by.order_by("pk").first(),
        "link": request.build_absolute_uri(
            reverse("clientgroups:request_public", args=[row.token])
        ),
        **extra,
    }
    if may_serve:
        context |= {
            "priorities": Priority.choices,
            "types": FieldForm(row, "type", request.user, None).fields["type"].queryset,
            "people": FieldForm(row, "assignee", request.user, None).fields["assignee"].queryset,
            "canned": canned_answers(row),
            "resolve": ResolveForm(initial={"seen": context["seen"]}),
        }
    context |= extra
    return render_page(request, "clientgroups/request/detail", context, status=status)


@page("clientgroups.view", load=visible_request)
def request_detail(request, row):
    return show(request, row)


@page("clientgroups.serve", load=visible_request, methods=EDIT)
def request_edit(request, row):
    mine = visible_request(request.user, row.pk)
    form = EditForm(request.POST or None, instance=mine)
    if form.is_valid():
        saved(form, services.change_request, request=row, actor=request.user)
        if not form.errors:
            messages.success(request, _("Saved."))
            return redirect(row)
    status = 422 if form.is_bound else 200
    return render_page(
        request, "clientgroups/request/edit", {"row": row, "form": form}, status=status
    )
