"""What hangs on a task: checklist, comments and links."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from accounts.once import once
from projects.models import Attachment, ChecklistItem, Comment, Task

ITEMS_AT_MOST = 500
# The same words twice within this time are a double click, not a second remark.
REPEAT_SECONDS = 10


def _lock(task: Task) -> None:
    """Parts of a task change one after the other; the task is locked before its parts."""
    Task.objects.select_for_update().order_by().values_list("pk", flat=True).get(pk=task.pk)


def _record(task: Task, actor: User, verb: str, **changes: list) -> None:
    """What is done to a part is told of its task, and counts as a touch of it."""
    Task.objects.filter(pk=task.pk).update(updated_at=timezone.now())
    record(actor=actor, verb=verb, target=task, **changes)


@once
@transaction.atomic
def add_item(*, task: Task, actor: User, text: str, checklist: str = "") -> ChecklistItem:
    """Add a step to the end of a checklist of a task."""
    _lock(task)
    items = list(ChecklistItem.objects.filter(task=task))
    if len(items) >= ITEMS_AT_MOST:
        raise ValidationError(_("A task holds at most %(count)d steps.") % {"count": ITEMS_AT_MOST})
    same = [each for each in items if each.checklist == checklist]
    item = ChecklistItem(
        task=task,
        checklist=checklist,
        checklist_position=same[0].checklist_position
        if same
        else max((each.checklist_position for each in items), default=-1) + 1,
        text=text.strip(),
        position=max((each.position for each in same), default=-1) + 1,
    )
    item.full_clean()
    item.save()
    _record(task, actor, "checklist.added", step=[None, item.text[:200]])
    return item


@transaction.atomic
def set_item_done(*, item: ChecklistItem, actor: User, done: bool) -> ChecklistItem:
    """Tick a step or take the tick off; the same again changes nothing."""
    _lock(item.task)
    locked = ChecklistItem.objects.get(pk=item.pk)
    if locked.is_done == done:
        return locked
    locked.is_done = done
    locked.save(update_fields=["is_done"])
    verb = "checklist.done" if done else "checklist.reopened"
    _record(item.task, actor, verb, step=[None, locked.text[:200]])
    return locked


@transaction.atomic
def shift_item(*, item: ChecklistItem, actor: User, step: int) -> ChecklistItem:
    """Move a step one place up (-1) or down (1) inside its checklist; at the edge it stays."""
    _lock(item.task)
    items = list(ChecklistItem.objects.filter(task=item.task, checklist=item.checklist))
    place = items.index(item)
    target = min(max(place + step, 0), len(items) - 1)
    if place != target:
        items.insert(target, items.pop(place))
        for position, each in enumerate(items):
            each.position = position
        ChecklistItem.objects.bulk_update(items, ["position"])
        _record(
            item.task,
            actor,
            "checklist.moved",
            step=[None, item.text[:200]],
        )
    return item


@transaction.atomic
def delete_item(*, item: ChecklistItem, actor: User) -> None:
    """Remove a step; its text stays in the history. Removing it twice is harmless."""
    _lock(item.task)
    found = ChecklistItem.objects.filter(pk=item.pk).first()
    if found:
        found.delete()
        _record(item.task, actor, "checklist.removed", step=[item.text[:200], None])


@transaction.atomic
def add_comment(*, task: Task, actor: User, body: str, is_client_visible: bool = False) -> Comment:
    """Say something about a task. Sending the same words twice in a row makes one comment."""
    _lock(task)
    now = timezone.now()
    last = Comment.objects.filter(task=task).order_by("-created_at", "-pk").first()
    repeats = (
        last
        and (last.author_id, last.body, last.is_client_visible)
        == (actor.pk, body.strip(), is_client_visible)
        and (now - last.created_at).total_seconds() < REPEAT_SECONDS
    )
    if repeats:
        return last
    comment = Comment(
        task=task,
        author=actor,
        author_name=str(actor)[:120],
        body=body.strip(),
        is_client_visible=is_client_visible,
        created_at=now,
    )
    comment.full_clean()
    comment.save()
    _record(task, actor, "comment.added", comment=[None, comment.body[:200]])
    return comment


@transaction.atomic
def delete_comment(*, comment: Comment, actor: User) -> None:
    """Remove a comment. Removing it twice is harmless."""
    _lock(comment.task)
    found = Comment.objects.filter(pk=comment.pk).first()
    if found:
        found.delete()
        _record(
            comment.task,
            actor,
            "comment.removed",
            comment=[comment.body[:200], None],
        )


@transaction.atomic
def add_link(*, task: Task, actor: User, url: str, name: str = "") -> Attachment:
    """Attach a link to a file elsewhere; the same address twice makes one."""
    _lock(task)
    twin = Attachment.objects.filter(task=task, url=url).first()
    if twin:
        return twin
    link = Attachment(task=task, url=url, name=name.strip() or url[:300], added_at=timezone.now())
    link.full_clean()
    link.save()
    _record(task, actor, "link.added", link=[None, link.name])
    return link


@transaction.atomic
def delete_link(*, link: Attachment, actor: User) -> None:
    """Remove a link. Removing it twice is harmless."""
    _lock(link.task)
    found = Attachment.objects.filter(pk=link.pk).first()
    if found:
        found.delete()
        _record(link.task, actor, "link.removed", link=[link.name, None])
