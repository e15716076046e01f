"""What market research says about a group, and the market share that follows from it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.models import ClientGroup, Finding
from clientgroups.selectors import child_of, visible_group
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.rates import in_base, value_policy
from clientgroups.selectors.sales import Ledger, Sales
from clientgroups.selectors.value_scope import Scope

SHOWN_IN_GROUP = 5


@dataclass(frozen=True)
class MarketShare:
    """Own sales of the days of a finding beside the size of the market it names.

    `share` is None where one of the two is unknown; `why` says which. `partial`: the days are not
    over, so own sales still grow.
    """

    own: Sales
    market: Decimal | None
    currency: str
    partial: bool

    @property
    def share(self) -> Decimal | None:
        if self.market is None or self.own.total is None:
            return None
        return self.own.total / self.market

    @property
    def why(self) -> str:
        if self.market is None:
            return _("The size of the market has no exchange rate for its last day.")
        if self.own.total is None:
            return _("No sale to this group in those days is known.")
        return ""


def findings_of(group: ClientGroup, *, archived: bool = False) -> QuerySet[Finding]:
    """The findings of a group, latest first."""
    rows = group.findings.select_related("created_by")
    return rows.exclude(archived_at=None) if archived else rows.filter(archived_at=None)


def finding_of_group(user: User, pk: int, finding: int) -> Finding:
    """A finding, through a group that the person sees."""
    group = visible_group(user, pk)
    row = child_of(group, group.findings.select_related("created_by"), finding)
    row.client_group = group
    return row


def with_shares(group: ClientGroup, findings: list[Finding]) -> list[Finding]:
    """Give each finding its `market_share`, None where it names no market; three statements."""
    sized = [finding for finding in findings if finding.market_size is not None]
    for finding in findings:
        finding.market_share = None
    if not sized:
        return findings
    today = today_here()
    first = min(finding.period_from for finding in sized)
    ledger = Ledger(Scope(group=group), first, max(finding.period_to for finding in sized))
    worth = in_base("market_size", "currency", "period_to")
    markets = dict(
        Finding.objects.filter(pk__in=[finding.pk for finding in sized])
        .order_by()
        .annotate(worth=worth)
        .values_list("pk", "worth")
    )
    currency = value_policy().base_currency
    for finding in sized:
        finding.market_share = MarketShare(
            own=ledger.sales(finding.period_from, finding.period_to),
            market=markets[finding.pk],
            currency=currency,
            partial=finding.period_to > today,
        )
    return findings


def group_panel(group: ClientGroup) -> dict:
    """Context of clientgroups/finding/_panel.html: the latest findings with their market share."""
    rows = list(findings_of(group)[: SHOWN_IN_GROUP + 1])
    return {
        "group": group,
        "findings": with_shares(group, rows[:SHOWN_IN_GROUP]),
        "more": len(rows) > SHOWN_IN_GROUP,
    }


def latest_share(group: ClientGroup, until: dt.date) -> Finding | None:
    """The finding of the latest days up to one that gives a market share, for scorecards."""
    sized = findings_of(group).filter(market_size__isnull=False, period_to__lte=until)
    row = sized.order_by("-period_to", "-found_on", "-pk").first()
    return with_shares(group, [row])[0] if row else None
