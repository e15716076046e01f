from copy import copy

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from clientgroups.forms.groups import GroupForm
from clientgroups.forms.rules import RuleBuilder
from clientgroups.models import ClientGroup
from clientgroups.selectors import visible_group
from clientgroups.selectors.rules import may_change_rule
from clientgroups.selectors.rules.card import in_both_languages
from clientgroups.selectors.rules.explain import describe
from clientgroups.selectors.rules.preview import overlaps_of, preview_rule
from clientgroups.services import groups as services
from clientgroups.services.refresh import refresh_soon
from core.formats import number
from core.views import page, render_page

EDIT = ("GET", "HEAD", "POST")
# Somebody is waiting for it; a rule that takes longer is worked out after it is saved.
PREVIEW_PATIENCE = "6s"


class Editor:
    """The form of a group with its rule builder: what was posted, and what to do with it."""

    def __init__(self, request, group=None):
        self.request, self.group, data = request, group, request.POST or None
        self.step = request.POST.get("step", "save")
        # A copy: a form that fails must not change the group that this page is drawn for.
        self.form = GroupForm(data if self.saving else None, instance=copy(group))
        if data and not self.saving:
            self.form = GroupForm(initial={name: data.get(name) for name in self.form.fields})
        self.kind = group.kind if group else self.kind_wanted()
        # Another lead reads the rule: it chooses among the clients of the group's owner.
        self.may_rule = group is None or may_change_rule(request.user, group)
        if data and self.may_rule:
            self.builder = RuleBuilder.of_post(data, request.user, group)
        else:
            self.builder = RuleBuilder.of_rule(request.user, group)

    @property
    def saving(self):
        return self.request.method == "POST" and self.step == "save"

    @property
    def by_rule(self):
        return self.kind == ClientGroup.Kind.DYNAMIC

    @property
    def writes_rule(self):
        return self.by_rule and self.may_rule

    @property
    def rule_was_sent(self):
        return "rule_text" in self.request.POST or "c-match" in self.request.POST

    @property
    def why_kept(self):
        return services.owners_rule_sentence(self.group)

    @property
    def kept_rule(self):
        return describe(self.group.rule, reader=self.request.user)

    def kind_wanted(self):
        asked = self.request.POST.get("kind") or self.request.GET.get("kind")
        if self.step.startswith("kind-"):
            asked = self.step.removeprefix("kind-")
        return asked if asked in ClientGroup.Kind.values else ClientGroup.Kind.DYNAMIC

    def is_valid(self):
        if not self.saving:
            return False
        if self.by_rule and not self.may_rule and self.rule_was_sent:
            self.form.add_error(None, self.why_kept)
        rule_is_right = not self.writes_rule or self.builder.is_valid()
        return self.form.is_valid() and rule_is_right

    def save(self, service, **fields):
        """Call a service with what was typed; what it refuses stands in the form. None then."""
        fields |= self.form.cleaned_data
        if self.writes_rule:
            fields["rule"] = self.builder.rule
        try:
            return service(actor=self.request.user, **fields)
        except ValidationError as problem:
            self.form.add_error(None, problem)
            return None

    def preview(self):
        """Size, people, overlaps and sentences; empty when the rule is not right yet."""
        if not self.builder.is_valid():
            return {}
        spoken = in_both_languages(self.builder.rule, self.request.user)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{PREVIEW_PATIENCE}'")
                found = preview_rule(
                    rule=self.builder.rule, actor=self.request.user, group=self.group
                )
        except OperationalError:
            return spoken | {"slow": True}
        counted = {"n": number(found.count), "total": number(found.total)}
        self.builder.said = _("%(n)s of %(total)s clients") % counted
        return spoken | {"preview": found}

    def answer(self, name):
        """The form again, or only the part that htmx asked for."""
        context = {"form": self.form, "builder": self.builder, "editor": self, "group": self.group}
        part = self.request.htmx and not self.request.htmx.boosted and not self.saving
        if self.step == "preview":
            context |= self.preview()
        if part:
            shape = "_rule" if self.may_rule else "_rule_kept"
            shape = "_preview" if self.step == "preview" else shape
            response = render(self.request, f"clientgroups/group/{shape}.html", context)
            return (
                response
                if self.step == "preview"
                else trigger_client_event(response, "ruleChanged")
            )
        return render_page(self.request, name, context, status=422 if self.saving else 200)


@page("clientgroups.create", methods=EDIT)
def group_create(request):
    editor = Editor(request)
    if editor.is_valid():
        group = editor.save(services.create_group, kind=editor.kind)
        if group:
            messages.success(request, _("The group was created."))
            return redirect(group)
    return editor.answer("clientgroups/group/create")


@page("clientgroups.edit", load=visible_group, methods=EDIT)
def group_edit(request, group):
    editor = Editor(request, group)
    if editor.is_valid():
        saved = editor.save(services.update_group, group=group)
        if saved:
            messages.success(request, _("Saved."))
            return redirect(saved)
    return editor.answer("clientgroups/group/edit")


@page("clientgroups.edit", load=visible_group, methods=("POST",))
def group_refresh(request, group):
    if not refresh_soon(group):
        messages.info(request, _("This takes a while; the members follow within minutes."))
    elif group.problem:
        messages.error(request, group.get_problem_display())
    else:
        counted = {
            "n": number(group.member_count),
            "joined": number(group.joined_count),
            "left": number(group.left_count),
        }
        text = _("Clients in the group now: %(n)s. Joined: %(joined)s, left: %(left)s.")
        messages.success(request, text % counted)
    return redirect(group)


@page("clientgroups.view", load=visible_group)
def group_overlap(request, group):
    context = {"group": group, "overlaps": overlaps_of(group, request.user)}
    return render_page(request, "clientgroups/group/overlap", context)
