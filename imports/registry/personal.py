"""What imports keep about a client: sentences about lines, and the first lines of files."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client
from clientgroups.selectors.personal import PersonalData, register, words_of
from clientgroups.services.personal_scrub import scrub_rows
from imports.models import ImportIssue, ImportRun


def issue_rows(client: Client) -> Iterable[dict]:
    """Sentences in which a word of the client stands as it was found."""
    rows = ImportIssue.objects.filter(value__in=words_of(client)).order_by("pk")
    return rows.values("id", "run__file_name", "line", "value")


def erase_issues(client: Client) -> int:
    """Files of runs that are over were deleted already; what was kept of them is scrubbed."""
    words = words_of(client)
    found = scrub_rows(ImportIssue.objects.all(), ["value", "params"], words)
    names = ["shape", "summary", "file_name", "problem"]
    return found + scrub_rows(ImportRun.objects.all(), names, words)


register(PersonalData("import_issues", _("Notes of imports"), issue_rows, erase_issues))
