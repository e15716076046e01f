from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.forms.canned import CannedAnswerForm
from clientgroups.models import CannedAnswer
from clientgroups.selectors.canned import canned_answer
from clientgroups.services import canned as services
from clientgroups.views.clients import saved
from core.views import page, render_page

EDIT = ("GET", "HEAD", "POST")


@page("clientgroups.canned_answers")
def canned_list(request):
    archived = request.GET.get("archived") == "1"
    rows = CannedAnswer.objects.filter(archived_at__isnull=not archived).select_related("type")
    context = {"rows": rows[:500], "archived": archived}
    return render_page(request, "clientgroups/canned/list", context)


@page("clientgroups.canned_answers", methods=EDIT)
def canned_create(request):
    form = CannedAnswerForm(request.POST or None)
    if saved(form, services.save_canned_answer, actor=request.user):
        messages.success(request, _("The answer is ready to be used."))
        return redirect("clientgroups:canned_list")
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/canned/create", {"form": form}, status=status)


@page("clientgroups.canned_answers", load=canned_answer, methods=EDIT)
def canned_edit(request, answer):
    mine = canned_answer(request.user, answer.pk)
    form = CannedAnswerForm(request.POST or None, instance=mine)
    if saved(form, services.save_canned_answer, actor=request.user, answer=answer):
        messages.success(request, _("Saved."))
        return redirect("clientgroups:canned_list")
    status = 422 if form.is_bound else 200
    context = {"form": form, "answer": answer}
    return render_page(request, "clientgroups/canned/edit", context, status=status)


@page("clientgroups.canned_answers", load=canned_answer, methods=("POST",))
def canned_archive(request, answer):
    archived = "back" not in request.GET
    services.archive_canned_answer(actor=request.user, answer=answer, archived=archived)
    if archived:
        undo = reverse("clientgroups:canned_archive", args=[answer.pk]) + "?back=1"
        messages.success(request, _("The answer was put away."), extra_tags=f"undo:{undo}")
    else:
        messages.success(request, _("The answer is back."))
    return redirect("clientgroups:canned_list")
