from feedback.models.response import Answer, Response
from feedback.models.rollup import Metric, PeriodKind, SatisfactionRollup, Scope, StaleScore
from feedback.models.survey import Question, Survey, SurveyVersion
from feedback.models.wave import Invitation, Wave

__all__ = [
    "Answer",
    "Invitation",
    "Metric",
    "PeriodKind",
    "Question",
    "Response",
    "SatisfactionRollup",
    "Scope",
    "StaleScore",
    "Survey",
    "SurveyVersion",
    "Wave",
]
