from tests.factories.clientgroups import ClientGroupFactory, MembershipFactory, PurchaseFactory
from tests.factories.value import FindingFactory
from tests.url_table import LEAD, MANAGE, SIGNED_IN, VIEW, Url

SPAN = "?start=2026-01-01&end=2026-01-31"


def of_finding(finding):
    return {"pk": finding.client_group_id, "finding": finding.pk}


def put_away():
    return FindingFactory(archived_at="2026-01-01T00:00Z")


def buy(group):
    """One more member with a purchase in the span."""
    row = MembershipFactory(client_group=group, valid_from="2025-01-01")
    PurchaseFactory(client=row.client, bought_on="2026-01-15")


def find(group):
    FindingFactory(client_group=group, sized=True)


G = {"make": ClientGroupFactory}
F = {"make": FindingFactory, "kwargs": of_finding}
FIELDS = {
    "title": "Shops ask for faster answers",
    "kind": "study",
    "source": "Interviews",
    "found_on": "2026-01-01",
    "confidence": "low",
}

ROWS = [
    Url("clientgroups:all_value", SIGNED_IN),
    Url("clientgroups:all_value_export", SIGNED_IN, query="?table=sales"),
    Url("clientgroups:all_value_clients", SIGNED_IN, query=SPAN),
    Url("clientgroups:all_value_purchases", SIGNED_IN, query=SPAN),
    Url("clientgroups:all_value_moves", SIGNED_IN, query=SPAN),
    Url("clientgroups:rfm", SIGNED_IN),
    Url("clientgroups:rfm_export", SIGNED_IN),
    Url("clientgroups:rfm_clients_export", MANAGE),
    Url("clientgroups:rate_list", MANAGE),
    Url("clientgroups:group_value", VIEW, **G),
    Url("clientgroups:group_value_export", VIEW, **G, query="?table=sales"),
    Url("clientgroups:group_value_clients", VIEW, **G, query=SPAN, grow=buy),
    Url("clientgroups:group_value_purchases", VIEW, **G, query=SPAN, grow=buy),
    Url("clientgroups:group_value_moves", VIEW, **G, query=SPAN),
    Url("clientgroups:group_findings", VIEW, **G, grow=find),
    Url("clientgroups:finding_create", LEAD, **G),
    Url("clientgroups:finding_create", LEAD, **G, post=FIELDS, note="write"),
    Url("clientgroups:finding_detail", VIEW, **F),
    Url("clientgroups:finding_edit", LEAD, **F),
    Url("clientgroups:finding_edit", LEAD, **F, post=FIELDS, note="write"),
    Url("clientgroups:finding_archive", LEAD, **F, post={}),
    Url("clientgroups:finding_restore", LEAD, make=put_away, kwargs=of_finding, post={}),
]
