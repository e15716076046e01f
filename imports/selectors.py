"""Which imports a person sees, and what their pages show."""

import hashlib
import json
from pathlib import Path

from django.db.models import QuerySet
from django.http import Http404

from accounts.models import User
from imports.models import ImportIssue, ImportRun, RememberedMapping

MOST_LINKS = 20


def visible_run(user: User, pk: int) -> ImportRun:
    """The import, or 404 when it is another person's."""
    runs = ImportRun.objects.visible_to(user)
    run = runs.select_related("project__client_group", "client_group", "created_by").filter(pk=pk)
    found = run.first()
    if found is None:
        raise Http404
    return found


def path_of(run: ImportRun) -> Path:
    """Where the uploaded file lies; its name on the disk is never the person's."""
    return Path(run.file.path)


def same_file(run: ImportRun) -> ImportRun | None:
    """An earlier finished import of the very same file into the same place."""
    return (
        ImportRun.objects.filter(
            kind=run.kind,
            project_id=run.project_id,
            sha256=run.sha256,
            state=ImportRun.State.APPLIED,
        )
        .exclude(pk=run.pk)
        .order_by("-finished_at")
        .first()
    )


def issues_of(run: ImportRun, severity: str = "") -> QuerySet[ImportIssue]:
    """Sentences by line, errors and notes or one of them."""
    issues = ImportIssue.objects.filter(run=run)
    return issues.filter(severity=severity) if severity in ("error", "warning") else issues


def headings_digest(run: ImportRun) -> str:
    """What two files with the same headings in the same order share."""
    names = json.dumps(run.shape["columns"], ensure_ascii=False)
    return hashlib.sha256(names.encode(errors="replace")).hexdigest()


def remembered_mapping(run: ImportRun) -> RememberedMapping | None:
    """What the person chose for the last file of this kind with these headings."""
    if not any(run.shape.get("columns") or []):
        return None
    return RememberedMapping.objects.filter(
        user=run.created_by, kind=run.kind, headings=headings_digest(run)
    ).first()


def linkable_runs(run: ImportRun) -> list[ImportRun]:
    """The person's finished imports whose clients have references that other files may use."""
    if "client_link" not in run.shape["suggested"]["mapping"].values():
        return []
    finished = ImportRun.objects.filter(
        created_by=run.created_by, kind=run.kind, state=ImportRun.State.APPLIED
    )
    newest = finished.exclude(pk=run.pk).order_by("-finished_at")[: MOST_LINKS * 20]
    return [found for found in newest if "client_link" in found.mapping.values()][:MOST_LINKS]
