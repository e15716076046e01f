from feedback.models.response import Answer, Response
from feedback.models.rollup import SatisfactionRollup, StaleScore
from feedback.models.survey import Question, Survey, SurveyVersion
from feedback.models.wave import Invitation, Wave

__all__ = [
    "Answer",
    "Invitation",
    "Question",
    "Response",
    "SatisfactionRollup",
    "StaleScore",
    "Survey",
    "SurveyVersion",
    "Wave",
]
