from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.models import BoardColumn
from projects.selectors.projects import people_of


class BoardForm(forms.Form):
    """Which board of the file, what becomes of its lists, and who its members are here."""

    board = forms.TypedChoiceField(label=_("Board"), coerce=int, required=False)
    archived = forms.BooleanField(label=_("Archived cards too"), required=False, initial=True)
    templates = forms.BooleanField(label=_("Templates too"), required=False)
    comments = forms.BooleanField(label=_("Comments"), required=False, initial=True)

    def __init__(self, data=None, *, shape, project, mapping=None, options=None, board=None):
        mapping = mapping or {}
        self.place = self._board_place(shape, mapping.get("board") if board is None else board)
        self.outline = shape["boards"][self.place]
        super().__init__(data, initial={"board": self.place, **(options or {})})
        self.fields["board"].choices = [
            (n, f"{b['name']} ({b['cards']})") for n, b in enumerate(shape["boards"])
        ]
        if len(shape["boards"]) == 1:
            del self.fields["board"]
        self.columns = list(project.columns.filter(archived_at=None))
        self.people = list(people_of(project))
        self._add_lists(mapping.get("lists") or {})
        self._add_members(mapping.get("members") or {})

    @staticmethod
    def _board_place(shape, wanted):
        if isinstance(wanted, int) and 0 <= wanted < len(shape["boards"]):
            return wanted
        live = [n for n, board in enumerate(shape["boards"]) if not board["closed"]]
        return live[0] if live else 0

    def _add_lists(self, chosen):
        new = [
            (f"new:{value}", gettext("New column: %(category)s") % {"category": label})
            for value, label in BoardColumn.Category.choices
        ]
        own = [
            (f"col:{column.pk}", gettext("Into the column “%(name)s”") % {"name": column.name})
            for column in self.columns
        ]
        choices = [
            (_("New column, which counts as"), new),
            (_("Column of the project"), own),
            ("skip", _("Leave the list out")),
        ]
        for number, row in enumerate(self.outline["lists"]):
            self.fields[f"list_{number}"] = forms.ChoiceField(
                label=row["name"] or _("Cards without a list"),
                choices=choices,
                initial=chosen.get(row["id"]) or self._suggestion(row),
                widget=forms.Select(attrs={"class": "form-select"}),
            )

    def _suggestion(self, row):
        """The column of the same name, or the first of the same meaning when the name is plain."""
        if row["closed"]:
            return f"new:{row['category']}"
        name = row["name"].casefold().replace(" ", "")
        for column in self.columns:
            if column.name.casefold().replace(" ", "") == name:
                return f"col:{column.pk}"
        if row["sure"]:
            for column in self.columns:
                if column.category == row["category"]:
                    return f"col:{column.pk}"
        return f"new:{row['category']}"

    def _add_members(self, chosen):
        choices = [("", _("– nobody –")), *((p.pk, str(p)) for p in self.people)]
        for number, row in enumerate(self.outline["members"]):
            self.fields[f"member_{number}"] = forms.TypedChoiceField(
                label=f"{row['name']} (@{row['username']})" if row["username"] else row["name"],
                choices=choices,
                coerce=int,
                empty_value=None,
                required=False,
                initial=chosen.get(row["id"]) or self._same_person(row),
                widget=forms.Select(attrs={"class": "form-select"}),
            )

    def _same_person(self, row):
        names = {row["name"].casefold(), row["username"].casefold()} - {"", "?"}
        for person in self.people:
            if {person.name.casefold(), person.email.split("@")[0].casefold()} & names:
                return person.pk
        return None

    @property
    def list_fields(self):
        return [(self[f"list_{n}"], row) for n, row in enumerate(self.outline["lists"])]

    @property
    def member_fields(self):
        return [self[f"member_{n}"] for n in range(len(self.outline["members"]))]

    @property
    def option_fields(self):
        return [self[name] for name in ("archived", "comments", "templates")]

    def clean(self):
        cleaned = super().clean()
        lists = [cleaned.get(f"list_{n}") for n in range(len(self.outline["lists"]))]
        if lists and all(choice == "skip" for choice in lists):
            raise forms.ValidationError(_("All lists are left out. Keep at least one."))
        return cleaned

    def mapping(self):
        cleaned = self.cleaned_data
        members = {
            row["id"]: cleaned.get(f"member_{n}") for n, row in enumerate(self.outline["members"])
        }
        return {
            "board": self.place,
            "lists": {
                row["id"]: cleaned[f"list_{n}"] for n, row in enumerate(self.outline["lists"])
            },
            "members": {key: person for key, person in members.items() if person},
        }

    def options(self):
        return {name: self.cleaned_data[name] for name in ("archived", "templates", "comments")}
