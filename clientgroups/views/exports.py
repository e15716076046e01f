from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from clientgroups.forms.clients_filter import ORDERS, ClientFilterForm, order_of
from clientgroups.forms.exports import CLIENTS, CONTACTS, CSV, VCARD_3, VCARD_4, XLSX, ExportForm
from clientgroups.models import Contact
from clientgroups.selectors.client_columns import DERIVED, all_columns
from clientgroups.selectors.clients_custom import custom_fields
from clientgroups.selectors.export_cards import card_stream
from clientgroups.selectors.exports import Cells, entries, table_rows
from clientgroups.selectors.health import health_policy
from clientgroups.services.exports import note_export
from core.files.streams import CSV_TYPE, VCARD_TYPE, XLSX_TYPE, csv_stream, xlsx_stream
from core.views import page, render_page

ENDINGS = {CSV: "csv", XLSX: "xlsx", VCARD_3: "vcf", VCARD_4: "vcf"}
TYPES = {CSV: CSV_TYPE, XLSX: XLSX_TYPE, VCARD_3: VCARD_TYPE, VCARD_4: VCARD_TYPE}
REFERENCES = ("client_ref", "contact_ref")


def _asked(request):
    """The clients that the address leaves, as the list shows them."""
    form = ClientFilterForm(
        request.GET, user=request.user, custom=list(custom_fields()), policy=health_policy()
    )
    return form, form.rows().order_by(*ORDERS[order_of(request.GET)])


@page("clientgroups.export_list", methods=("GET", "HEAD", "POST"))
def client_export(request):
    filters, clients = _asked(request)
    form = ExportForm(request.POST or None)
    number = clients.order_by().count()
    if request.method == "POST" and form.is_valid():
        return _download(request, form.cleaned_data, clients, number)
    context = {
        "form": form,
        "number": number,
        "contacts": Contact.objects.filter(client__in=clients.order_by().values("pk")).count(),
        "query": request.GET.urlencode(),
        "group": filters.asked("group"),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/data/export", context, status=status)


def _download(request, asked, clients, number):
    kind, rows = asked["format"], asked["rows"]
    filters = request.GET.urlencode()
    note_export(actor=request.user, number=number, form=kind, rows=rows, filters=filters)
    fields = list(custom_fields())
    cells = Cells(fields)
    found = entries(clients, every_contact=rows != CLIENTS)
    if kind in (VCARD_3, VCARD_4):
        version = "4.0" if kind == VCARD_4 else "3.0"
        body = card_stream(found, cells, version, only_contacts=rows == CONTACTS)
    else:
        columns = all_columns(fields)
        lines = table_rows(found, columns, cells, only_contacts=rows == CONTACTS)
        body = _table(kind, columns, lines, _("Clients"))
    name = _("clients") + f"-{timezone.localdate():%Y-%m-%d}.{ENDINGS[kind]}"
    return _answer(body, name, TYPES[kind])


def _table(kind, columns, lines, title):
    header = [str(column.label) for column in columns]
    if kind == CSV:
        return csv_stream(header, lines)
    return xlsx_stream(header, lines, title=title, widths=[column.width for column in columns])


def _answer(body, name, content_type):
    response = StreamingHttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


@page("clientgroups.import")
def client_template(request):
    kind = request.GET.get("format", XLSX)
    if kind not in (CSV, XLSX):
        raise Http404
    columns = [
        column
        for column in all_columns(list(custom_fields()))
        if column.part != DERIVED and column.key not in REFERENCES
    ]
    name = _("clients-template") + f".{ENDINGS[kind]}"
    return _answer(_table(kind, columns, [], _("Clients")), name, TYPES[kind])
