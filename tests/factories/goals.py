import datetime as dt
from decimal import Decimal

import factory
from django.utils import timezone

from projects.models import CheckIn, Goal, GoalMeasurement
from tests.factories.accounts import UserFactory
from tests.factories.projects import ProjectFactory


class GoalFactory(factory.django.DjangoModelFactory):
    """An active goal half way through its time; traits: draft, from_subgoals, from_tasks, csat."""

    class Meta:
        model = Goal

    class Params:
        draft = factory.Trait(state=Goal.State.DRAFT)
        from_subgoals = factory.Trait(
            source="subgoals", metric="", unit="", baseline=None, target=None
        )
        from_tasks = factory.Trait(source="tasks", metric="", unit="", baseline=None, target=None)
        csat = factory.Trait(
            source="csat",
            metric="Share of satisfied answers (CSAT)",
            unit="points of 100",
            baseline=Decimal(75),
            target=Decimal(85),
        )

    project = factory.SubFactory(ProjectFactory)
    statement = factory.Sequence(lambda n: f"Answer every client within two hours, part {n}")
    metric = "Answered within two hours"
    unit = "%"
    baseline = Decimal(0)
    target = Decimal(100)
    owner = factory.SubFactory(UserFactory)
    start_on = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=50))
    due_on = factory.LazyFunction(lambda: timezone.localdate() + dt.timedelta(days=50))
    state = Goal.State.ACTIVE


class GoalMeasurementFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GoalMeasurement

    goal = factory.SubFactory(GoalFactory)
    measured_on = factory.LazyFunction(timezone.localdate)
    value = Decimal(50)
    source = "Ticket report"


class CheckInFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CheckIn

    goal = factory.SubFactory(GoalFactory)
    author = factory.SelfAttribute("goal.owner")
    note = "Two of three stores follow the new rota."
    confidence = 70
