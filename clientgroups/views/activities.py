from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clientgroups.forms.activities import (
    ActivityFilter,
    ActivityForm,
    CancelForm,
    MarkForm,
    PeopleForm,
)
from clientgroups.models import Activity
from clientgroups.selectors import visible_group
from clientgroups.selectors.activities import (
    LISTS,
    activity_rows,
    figures_of,
    group_panel,
    groups_to_plan_for,
    other_groups,
    people_of,
    to_tell_by_hand,
    unseen_of,
    visible_activity,
    with_figures,
)
from clientgroups.selectors.activity_texts import invitation_text
from clientgroups.selectors.audiences import audience_of
from clientgroups.services import activities as services
from clientgroups.services import activity_answers
from core.files.writing import csv_response
from core.views import page, render_page

PAGE_SIZE = 50
# People to be told by hand who are named in the note; the list of the activity holds the others.
TOLD_MOST = 50
# Who is asked, as the address of the preview says it; without a word the kind decides.
AGREED = {"only": True, "all": False}
EDIT = ("GET", "HEAD", "POST")


@page("clientgroups.list")
def activity_list(request):
    rows = activity_rows(request.user)
    found = ActivityFilter(request.GET, rows, user=request.user)
    status = request.GET.get("status", "")
    choices = [("", _("All")), *Activity.Status.choices]
    chips = [(label, f"?status={key}" if key else "?", status == key) for key, label in choices]
    listed = Paginator(found.ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": listed,
        "activities": with_figures(listed.object_list),
        "filter": found,
        "chips": chips,
        "may_plan": groups_to_plan_for(request.user).exists(),
    }
    return render_page(request, "clientgroups/activity/list", context)


@page("clientgroups.view", load=visible_group)
def group_activities(request, group):
    context = {"group": group, **group_panel(group, request.user)}
    return render_page(request, "clientgroups/activity/group", context)


@page("clientgroups.view", load=visible_activity)
def activity_detail(request, activity):
    which = request.GET.get("list", "all")
    which = which if which in LISTS else "all"
    form = PeopleForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    rows = people_of(activity, request.user, which=which, text=text)
    figures = figures_of(activity)
    others, others_unseen = other_groups(activity, request.user)
    context = {
        "activity": activity,
        "figures": figures,
        "begun": activity.has_begun(timezone.now()),
        "others": others,
        "others_unseen": others_unseen,
        "unseen": unseen_of(activity, request.user, which=which),
        "text": invitation_text(activity, request.user.language),
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "which": which,
        "chips": people_chips(activity, figures),
        "search": text,
    }
    if activity.status in (Activity.Status.CANCELLED, Activity.Status.INVITED):
        context["to_tell"] = list(to_tell_by_hand(activity, request.user)[: TOLD_MOST + 1])
        context["told_most"] = TOLD_MOST
    if not figures.invited and activity.status != Activity.Status.CANCELLED:
        context["reached"] = audience_of(activity)
    return render_page(request, "clientgroups/activity/detail", context)


def people_chips(activity, figures):
    """(key, label, number) of the lists that this activity can have."""
    chips = [
        ("all", _("Everybody"), figures.invited),
        ("unasked", _("Not asked yet"), figures.unsent),
        ("silent", _("No answer yet"), figures.asked - figures.answered),
        ("accepted", _("Accepted"), figures.accepted),
        ("waiting", _("Waiting for a seat"), figures.waiting),
        ("declined", _("Declined"), figures.declined),
        ("unnoted", _("Attendance not noted"), figures.accepted - figures.accepted_and_noted),
        ("came", _("Came"), figures.came),
    ]
    return [chip for chip in chips if chip[2] or chip[0] == "all"]


# Planning ----------------------------------------------------------------------------------------


def given(form):
    """What the service is asked to store."""
    return {name: form.cleaned_data[name] for name in form.fields}


def place(problem, form):
    """Put what the service refuses beside its field."""
    fields = getattr(problem, "error_dict", {})
    if all(name in form.fields for name in fields) and fields:
        form.add_error(None, problem)
    else:
        form.add_error(None, problem.messages)


@page("clientgroups.list", methods=EDIT)
def activity_create(request):
    wanted = request.GET.get("group", "")
    groups = groups_to_plan_for(request.user)
    group = groups.filter(pk=wanted).first() if wanted.isdecimal() else None
    form = ActivityForm(request.POST or None, user=request.user, group=group)
    if form.is_valid():
        try:
            activity = services.create_activity(actor=request.user, **given(form))
        except ValidationError as problem:
            place(problem, form)
        else:
            return redirect("clientgroups:activity_audience", activity.pk)
    context = {"form": form, "group": group, "may_plan": groups.exists()}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/activity/create", context, status=status)


@page("clientgroups.plan", load=visible_activity, methods=EDIT)
def activity_edit(request, activity):
    form = ActivityForm(request.POST or None, user=request.user, activity=activity)
    if form.is_valid():
        try:
            services.update_activity(activity=activity, actor=request.user, **given(form))
        except ValidationError as problem:
            place(problem, form)
        else:
            messages.success(request, _("Saved."))
            return redirect(activity)
    context = {"form": form, "activity": activity}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/activity/edit", context, status=status)


@page("clientgroups.plan", load=visible_activity, methods=EDIT)
def activity_delete(request, activity):
    if request.method == "POST":
        try:
            services.delete_activity(activity=activity, actor=request.user)
        except ValidationError as problem:
            messages.error(request, " ".join(problem.messages))
            return redirect(activity)
        messages.success(request, _("The draft was thrown away."))
        return redirect("clientgroups:activity_list")
    return render_page(request, "clientgroups/activity/delete", {"activity": activity})


@page("clientgroups.plan", load=visible_activity, methods=EDIT)
def activity_audience(request, activity):
    problem = None
    only_agreed = AGREED.get(request.POST.get("agreed") or request.GET.get("agreed"))
    if request.method == "POST":
        try:
            number = services.send_invitations(
                activity=activity, actor=request.user, only_agreed=only_agreed
            )
        except ValidationError as refused:
            problem = " ".join(refused.messages)
        else:
            messages.success(request, said_of(activity, number))
            return redirect(activity)
    others, others_unseen = other_groups(activity, request.user)
    context = {
        "activity": activity,
        "reached": audience_of(activity, only_agreed),
        "others": others,
        "others_unseen": others_unseen,
        "problem": problem,
    }
    status = 422 if problem else 200
    return render_page(request, "clientgroups/activity/audience", context, status=status)


def said_of(activity, number):
    if not number:
        return _("Nobody new can be asked.")
    if activity.by_email:
        said = ngettext(
            "%(n)d invitation is on its way.", "%(n)d invitations are on their way.", number
        )
    else:
        said = ngettext("%(n)d person is on your list.", "%(n)d people are on your list.", number)
    return said % {"n": number}


# Steps -------------------------------------------------------------------------------------------


def step(request, activity, call):
    """Do one thing and go back to the page, with the sentence that the step returned."""
    try:
        messages.success(request, call())
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    return redirect(activity)


@page("clientgroups.plan", load=visible_activity, methods=("POST",))
def activity_remind(request, activity):
    def call():
        number = services.remind_non_responders(activity=activity, actor=request.user)
        if not number:
            return _("Everybody has answered or was reminded already.")
        said = ngettext("%(n)d person is reminded.", "%(n)d people are reminded.", number)
        return said % {"n": number}

    return step(request, activity, call)


@page("clientgroups.plan", load=visible_activity, methods=EDIT)
def activity_cancel(request, activity):
    form = CancelForm(request.POST or None)
    if form.is_valid():

        def call():
            services.cancel_activity(activity=activity, actor=request.user, **form.cleaned_data)
            return _("Cancelled. Those who accepted are being told.")

        return step(request, activity, call)
    context = {"form": form, "activity": activity, "figures": figures_of(activity)}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/activity/cancel", context, status=status)


@page("clientgroups.plan", load=visible_activity, methods=("POST",))
def activity_close(request, activity):
    done = request.POST.get("done") != "no"
    try:
        services.close_activity(activity=activity, actor=request.user, done=done)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, _("Marked as done.") if done else _("It is open again."))
    return redirect(activity)


# People ------------------------------------------------------------------------------------------

ATTENDED = {"came": True, "absent": False, "unknown": None, "all_came": True}


@page("clientgroups.log_touch", load=visible_activity, methods=("POST",))
def activity_mark(request, activity):
    form = MarkForm(request.POST, people=people_of(activity, request.user))
    if form.is_valid():
        try:
            number = mark(request.user, activity, **form.cleaned_data)
        except ValidationError as problem:
            messages.error(request, " ".join(problem.messages))
        else:
            said = ngettext("Noted for %(n)d person.", "Noted for %(n)d people.", number)
            messages.success(request, said % {"n": number})
    else:
        messages.error(request, " ".join(form.non_field_errors() or [_("Nothing was noted.")]))
    return redirect(back_to(request, activity))


def mark(user, activity, *, mark, row):
    pks = [each.pk for each in row]
    if mark in ("asked", "unasked"):
        return activity_answers.mark_asked(
            activity=activity, actor=user, pks=pks, asked=mark == "asked"
        )
    if mark in ("accepted", "declined"):
        for each in row:
            activity_answers.answer_invitation(
                invitation=each, accept=mark == "accepted", actor=user
            )
        return len(pks)
    return activity_answers.mark_attended(
        activity=activity,
        actor=user,
        pks=None if mark == "all_came" else pks,
        attended=ATTENDED[mark],
    )


def back_to(request, activity):
    """The list that was worked through, at the same page of it."""
    query = request.POST.get("query", "")
    path = activity.get_absolute_url()
    return f"{path}?{query}" if query.startswith(("list=", "page=", "q=")) else path


@page("clientgroups.plan", load=visible_activity)
def activity_people(request, activity):
    which = request.GET.get("list", "all")
    rows = people_of(activity, request.user, which=which if which in LISTS else "all")
    header = [
        _("Client"),
        _("Contact"),
        _("Language"),
        _("Phone"),
        _("E-mail"),
        _("Address"),
        _("Asked at"),
        _("Answer"),
        _("Attended"),
    ]
    lines = (line_of(row) for row in rows.iterator(chunk_size=2000))
    return csv_response(f"{activity.name[:60]}.csv", header, list(lines))


def line_of(row):
    attended = {True: _("yes"), False: _("no"), None: ""}[row.attended]
    asked = timezone.localtime(row.sent_at).strftime("%Y-%m-%d %H:%M") if row.sent_at else ""
    contact = row.contact
    return [
        row.client.name,
        contact.name,
        contact.get_language_display(),
        contact.phone,
        contact.email,
        row.client.address,
        asked,
        row.get_answer_display(),
        attended,
    ]
