from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.forms.merges import MergeForm
from clientgroups.selectors.duplicates import couple, merge_of_client
from clientgroups.selectors.merges import choices_between, shared_people, what_moves
from clientgroups.services.merges import merge_clients, undo_merge
from clientgroups.views.pieces import EDIT
from core.views import page, render_page


@page("clientgroups.merge", load=couple, methods=EDIT)
def client_merge(request, pair):
    kept, gone = pair.client, pair.other
    asked, settled = choices_between(kept, gone)
    data = request.POST if request.method == "POST" else None
    form = MergeForm(data, choices=asked)
    if form.is_valid():
        take, custom = form.taken()
        try:
            merge = merge_clients(
                kept=kept, gone=gone, actor=request.user, take=take, custom=custom
            )
        except ValidationError as problem:
            form.add_error(None, problem.messages)
        else:
            undo = reverse("clientgroups:client_merge_undo", args=[kept.pk, merge.pk])
            text = _("“%(gone)s” was merged into “%(kept)s”.") % {"gone": gone, "kept": kept}
            messages.success(request, text, extra_tags=f"undo:{undo}")
            return redirect(kept)
    context = {
        "kept": kept,
        "gone": gone,
        "form": form,
        "settled": settled,
        "moves": what_moves(kept, gone),
        "shared": shared_people(kept, gone),
    }
    status = 422 if form.errors else 200
    return render_page(request, "clientgroups/duplicate/merge", context, status=status)


@page("clientgroups.merge", load=merge_of_client, methods=("POST",))
def client_merge_undo(request, part):
    try:
        gone = undo_merge(merge=part.row, actor=request.user)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, _("“%(client)s” stands by itself again.") % {"client": gone})
    return redirect(part.parent)
