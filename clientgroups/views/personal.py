from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from clientgroups.forms.personal import EraseForm
from clientgroups.selectors import visible_client
from clientgroups.services.personal import erase_client, everything_about, export_client, family
from clientgroups.views.pieces import EDIT, saved
from core.views import page, render_page


@page("clientgroups.export_client", load=visible_client, methods=("POST",))
def client_export(request, client):
    with export_client(client=client, actor=request.user) as file:
        response = HttpResponse(file.read(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="client-{client.pk}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@page("clientgroups.erase", load=visible_client, methods=EDIT)
def client_erase(request, client):
    if client.erased_at or client.merged_into_id:
        return redirect(client)
    form = EraseForm(request.POST or None)
    if saved(form, erase_client, client=client, actor=request.user) is not None:
        messages.success(request, _("The personal data of the client was erased."))
        return redirect(client)
    held = [(entry.label, len(rows)) for entry, rows in everything_about(client) if rows]
    context = {
        "client": client,
        "form": form,
        "held": held,
        "merged": [each for each in family(client) if each.pk != client.pk],
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/personal/erase", context, status=status)
