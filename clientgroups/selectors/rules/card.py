"""What a page of a group says about its rule."""

from django.core.exceptions import ValidationError
from django.utils.translation import get_language, override

from accounts.models import User
from clientgroups.models import ClientGroup
from clientgroups.selectors.rules.explain import describe
from clientgroups.selectors.rules.tree import check_stored
from clientgroups.selectors.rules.words import sentence


def in_both_languages(rule: dict, reader: User) -> dict:
    """The sentence of a rule in the reader's language, and the other one with its language."""
    other = "en" if (get_language() or "").startswith("zh") else "zh-hans"
    with override(other):
        translated = sentence(rule, reader)
    return {"sentence": sentence(rule, reader), "other": translated, "other_language": other}


def problems_of(group: ClientGroup) -> list[str]:
    """Why the rule of a group can no longer be worked out, each part with its place."""
    if group.problem != ClientGroup.Problem.RULE:
        return []
    try:
        check_stored(group)
    except ValidationError as problem:
        return problem.messages
    return []


def rule_card(group: ClientGroup, reader: User) -> dict:
    """Sentences, lines and problems of a group's rule; nothing for a listed group."""
    if not group.rule:
        return {}
    return in_both_languages(group.rule, reader) | {
        "rule": describe(group.rule, reader=reader),
        "rule_problems": problems_of(group),
    }
