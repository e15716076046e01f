"""What a visit is; the parts of the product list theirs in visits_<part>.py."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

USER, ADMIN, GUARDED, VISITOR, HALF = "user", "admin", "guarded", "visitor", "half signed in"


@dataclass(frozen=True)
class Visit:
    name: str
    kwargs: Callable | None = None
    who: str = USER
    query: str = ""
    note: str = ""
    status: int = 200

    def __str__(self):
        return f"{self.name}{self.query} {self.note}".strip()

    def path(self, story):
        return reverse(self.name, kwargs=self.kwargs(story) if self.kwargs else {}) + self.query


def each(names, kwargs=None, who=USER, **options):
    return [Visit(name, kwargs, who, **options) for name in names.split()]


def of_group(story):
    return {"pk": story.group.pk}


def of_client(story):
    return {"pk": story.client.pk}


def of_project(story):
    return {"pk": story.project.pk}
