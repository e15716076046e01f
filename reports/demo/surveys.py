"""Three surveys asked in nine monthly waves, and the answers that tell the story."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clientgroups.models import Contact
from feedback.models import (
    Answer,
    Invitation,
    Question,
    Response,
    Survey,
    SurveyVersion,
    Wave,
)
from feedback.services.scores import rebuild_scores
from reports.demo import texts

WAVES = 9


@dataclass(frozen=True)
class Story:
    """How a group feels: the share of content clients in the first and in the last wave."""

    name: str
    group: int
    project: int
    first: float
    last: float
    rate: float
    title_en: str
    title_zh: str


STORIES = [
    Story("Harbour pulse", 0, 0, 0.58, 0.84, 0.50, "How are we doing?", "我们做得怎么样？"),
    Story(
        "学校满意度调查", 1, 2, 0.86, 0.60, 0.46, "How was our service?", "您对我们的服务满意吗？"
    ),
    Story("Clinic check-up", 2, 4, 0.72, 0.76, 0.44, "Your service with us", "您的服务体验"),
]
QUESTIONS = [
    (
        "nps",
        "How likely are you to recommend us to a colleague?",
        "您有多大可能向同行推荐我们？",
        True,
    ),
    (
        "csat",
        "How satisfied are you with our service this month?",
        "您对我们本月的服务满意吗？",
        True,
    ),
    ("text", "What should we change first?", "您最希望我们先改进什么？", False),
]


def make_surveys(world) -> None:
    for story in STORIES:
        project = world.projects[story.project]
        survey = Survey.objects.create(
            client_group=world.groups[story.group],
            project=project,
            name=story.name,
            title_en=story.title_en,
            title_zh=story.title_zh,
            intro_en="Three questions, one minute. Your account team reads every answer.",
            intro_zh="三个问题，约一分钟。您的服务团队会阅读每一份答卷。",
            state=Survey.State.OPEN,
            created_by=project.lead,
        )
        start = timezone.now() - dt.timedelta(days=30 * WAVES)
        version = SurveyVersion.objects.create(
            survey=survey, number=1, published_at=start, frozen_at=start
        )
        questions = Question.objects.bulk_create(
            Question(
                version=version,
                kind=kind,
                text_en=english,
                text_zh=chinese,
                is_required=required,
                position=position,
            )
            for position, (kind, english, chinese, required) in enumerate(QUESTIONS)
        )
        for number in range(WAVES):
            _wave(world, story, survey, version, questions, number)
    rebuild_scores()


def _wave(world, story, survey, version, questions, number):
    sent = timezone.now() - dt.timedelta(days=30 * (WAVES - 1 - number) + 9)
    wave = Wave.objects.create(
        survey=survey,
        version=version,
        name=f"{sent:%Y-%m}",
        state=Wave.State.SENT if number == WAVES - 1 else Wave.State.CLOSED,
        send_at=sent,
        closes_at=sent + dt.timedelta(days=21),
        created_by=survey.created_by,
    )
    contacts = Contact.objects.askable().filter(
        client__memberships__client_group=survey.client_group
    )
    happy = story.first + (story.last - story.first) * number / (WAVES - 1)
    invitations, answering = [], []
    for contact in contacts.select_related("client").order_by("pk"):
        answered = world.dice.random() < story.rate
        when = sent + dt.timedelta(hours=world.dice.randrange(2, 150))
        invitations.append(
            Invitation(
                wave=wave,
                contact=contact,
                state=Invitation.State.ANSWERED if answered else Invitation.State.SENT,
                sent_at=sent,
                answered_at=when if answered else None,
            )
        )
        if answered:
            answering.append((invitations[-1], when))
    Invitation.objects.bulk_create(invitations)
    _responses(world, survey, version, wave, questions, answering, happy)


def _responses(world, survey, version, wave, questions, answering, happy):
    responses = Response.objects.bulk_create(
        Response(
            survey=survey,
            version=version,
            wave=wave,
            invitation=invitation,
            client=invitation.contact.client,
            contact=invitation.contact,
            language=invitation.contact.language,
            responded_on=when.date(),
            submitted_at=when,
        )
        for invitation, when in answering
    )
    rows = []
    for response in responses:
        mood = world.dice.random()
        values = _scores(world.dice, mood, happy)
        for question in questions:
            if question.kind == "text":
                if world.dice.random() < 0.75:
                    continue
                answer = {"text": _comment(world.dice, mood, happy, response.language)}
            else:
                answer = {"score": values[question.kind]}
            rows.append(
                Answer(
                    response=response,
                    question=question,
                    metric=question.kind,
                    client_id=response.client_id,
                    survey=survey,
                    wave=wave,
                    responded_on=response.responded_on,
                    **answer,
                )
            )
    Answer.objects.bulk_create(rows)


def _scores(dice, mood, happy):
    """One client's NPS and CSAT agree with each other: both follow the same mood."""
    if mood < happy:
        return {
            "nps": dice.choices([7, 8, 9, 10], [10, 25, 38, 27])[0],
            "csat": dice.choice([4, 4, 5]),
        }
    if mood < happy + (1 - happy) * 0.55:
        return {"nps": dice.choice([6, 7, 7, 8]), "csat": 3}
    return {"nps": dice.choice([0, 2, 3, 4, 5]), "csat": dice.choice([1, 2, 2])}


def _comment(dice, mood, happy, language):
    if mood < happy * 0.5:
        pool = texts.PRAISE
    elif mood < happy:
        pool = texts.SO_SO
    else:
        pool = texts.BLAME
    chinese = language.startswith("zh")
    return dice.choice([text for text in pool if text.isascii() != chinese])
