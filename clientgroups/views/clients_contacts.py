from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.forms.clients import ContactForm
from clientgroups.models import Channel, Contact
from clientgroups.selectors import visible_client
from clientgroups.selectors.clients import consents_of, contact_of_client
from clientgroups.services import clients as services
from clientgroups.views.pieces import EDIT, saved
from core.views import page, render_page


@page("clientgroups.edit_client", load=visible_client, methods=EDIT)
def contact_create(request, client):
    form = ContactForm(request.POST or None, instance=Contact(client=client))
    contact = saved(form, services.create_contact, client=client, actor=request.user)
    if contact:
        messages.success(request, _("The contact was added."))
        return redirect(client)
    context = {"client": client, "form": form}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/contact/create", context, status=status)


@page("clientgroups.edit_client", load=contact_of_client, methods=EDIT)
def contact_edit(request, contact):
    # A second instance: a form that fails must not change the contact this page is drawn for.
    mine = contact_of_client(request.user, contact.client_id, contact.pk)
    form = ContactForm(request.POST or None, instance=mine)
    if saved(form, services.update_contact, contact=contact, actor=request.user):
        messages.success(request, _("Saved."))
        return redirect(reverse("clientgroups:client_detail", args=[contact.client_id]))
    context = {
        "client": contact.client,
        "contact": contact,
        "form": form,
        "consents": consents_of(contact),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/contact/edit", context, status=status)


@page("clientgroups.view", load=contact_of_client)
def contact_detail(request, contact):
    context = {
        "client": contact.client,
        "contact": contact,
        "consents": consents_of(contact),
        "pairs": facts_of(contact),
    }
    return render_page(request, "clientgroups/contact/detail", context)


def facts_of(contact):
    agreed = [channel.label for channel in Channel if contact.agrees_to(channel)]
    return [
        (_("E-mail"), contact.email or None),
        (_("Phone"), contact.phone or None),
        (_("Language"), contact.get_language_display()),
        (_("Best reached by"), contact.get_preferred_channel_display() or None),
        (_("Time zone"), contact.time_zone or None),
        (_("Agrees to"), ", ".join(map(str, agreed)) or _("nothing")),
    ]
