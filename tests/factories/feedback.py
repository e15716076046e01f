import datetime as dt

import factory
from django.utils import timezone

from feedback.models import (
    Answer,
    Invitation,
    Question,
    Response,
    Survey,
    SurveyVersion,
    Wave,
)
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory, ContactFactory


def asked_with(survey):
    """The version that clients answer: the newest published one."""
    return survey.versions.exclude(published_at=None).first() or survey.versions.first()


class SurveyFactory(factory.django.DjangoModelFactory):
    """A draft with one empty version; trait `open` publishes it with NPS, CSAT and a comment."""

    class Meta:
        model = Survey
        skip_postgeneration_save = True

    class Params:
        open = factory.Trait(state=Survey.State.OPEN)

    client_group = factory.SubFactory(ClientGroupFactory)
    name = factory.Sequence(lambda n: f"Survey {n}")
    title_en = "How are we doing?"
    title_zh = "您对我们满意吗？"
    created_by = factory.SubFactory(UserFactory)

    @factory.post_generation
    def version(survey, create, extracted, **kwargs):  # noqa: N805 - factory_boy's convention
        is_open = survey.state == Survey.State.OPEN
        version = SurveyVersion.objects.create(
            survey=survey, number=1, published_at=timezone.now() if is_open else None
        )
        if is_open:
            for kind in ("nps", "csat", "text"):
                QuestionFactory(version=version, kind=kind)


class QuestionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Question

    version = factory.LazyFunction(lambda: SurveyFactory().versions.get())
    kind = "csat"
    text_en = factory.LazyAttribute(lambda each: f"Question {each.kind}?")
    text_zh = factory.LazyAttribute(lambda each: f"问题 {each.kind}？")
    position = factory.Sequence(lambda n: n % 1000)


class WaveFactory(factory.django.DjangoModelFactory):
    """A wave of an open survey that was sent a day ago."""

    class Meta:
        model = Wave

    survey = factory.SubFactory(SurveyFactory, open=True)
    version = factory.LazyAttribute(lambda wave: asked_with(wave.survey))
    name = factory.Sequence(lambda n: f"Wave {n}")
    state = Wave.State.SENT
    send_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=1))
    created_by = factory.SubFactory(UserFactory)


class InvitationFactory(factory.django.DjangoModelFactory):
    """A link that was mailed and not answered."""

    class Meta:
        model = Invitation

    wave = factory.SubFactory(WaveFactory)
    contact = factory.SubFactory(ContactFactory)
    state = Invitation.State.SENT
    sent_at = factory.LazyAttribute(lambda each: each.wave.send_at)


class ResponseFactory(factory.django.DjangoModelFactory):
    """An answer sheet; `scores={"csat": 5}` adds an answer per metric and its question."""

    class Meta:
        model = Response
        skip_postgeneration_save = True

    survey = factory.SubFactory(SurveyFactory, open=True)
    version = factory.LazyAttribute(lambda response: asked_with(response.survey))
    contact = factory.SubFactory(ContactFactory)
    client = factory.SelfAttribute("contact.client")
    responded_on = factory.LazyFunction(timezone.localdate)
    submitted_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def scores(response, create, extracted, **kwargs):  # noqa: N805 - factory_boy's convention
        for kind, value in (extracted or {}).items():
            question = response.version.questions.filter(kind=kind).first() or QuestionFactory(
                version=response.version, kind=kind
            )
            AnswerFactory(
                response=response,
                question=question,
                score=None if kind == "text" else value,
                text=value if kind == "text" else "",
            )


class AnswerFactory(factory.django.DjangoModelFactory):
    """One answer; client, survey, wave and day are those of its response."""

    class Meta:
        model = Answer

    response = factory.SubFactory(ResponseFactory)
    question = factory.SubFactory(QuestionFactory)
    metric = factory.SelfAttribute("question.kind")
    score = 4
    client = factory.SelfAttribute("response.client")
    survey = factory.SelfAttribute("response.survey")
    wave = factory.SelfAttribute("response.wave")
    responded_on = factory.SelfAttribute("response.responded_on")
