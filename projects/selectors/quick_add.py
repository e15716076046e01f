"""One line that says a whole task: `Call Anna @lin #service !high 12/2`.

Pure reading: the same line gives the same task in the preview and when it is saved. A marker
stands at the beginning, behind a blank or behind a Han character; dates stand at either end of
the line, so that a figure inside a title stays a part of it.
"""

import datetime as dt
import re
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.search import HAN
from projects.models import Label, Project, Task
from projects.selectors.projects import people_of

_MARKER = re.compile(
    rf"(?:^|(?<=\s)|(?<=[{HAN}，。、；]))([@＠#＃!！])([^\s@＠#＃!！]+(?:@[A-Za-z0-9.-]+)?)(?=$|[\s@＠#＃!！])"
)
_PRIORITIES = {
    **dict.fromkeys(("low", "低"), Task.Priority.LOW),
    **dict.fromkeys(("normal", "普通", "中"), Task.Priority.NORMAL),
    **dict.fromkeys(("high", "高"), Task.Priority.HIGH),
    **dict.fromkeys(("urgent", "紧急", "急"), Task.Priority.URGENT),
}
_DAYS = {"today": 0, "今天": 0, "今日": 0, "tomorrow": 1, "明天": 1, "明日": 1, "后天": 2}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HAN_DATE = (
    r"\d{1,2}月\d{1,2}[日号]?|今天|今日|明天|明日|后天|下?(?:周|星期|礼拜)[一二三四五六日天]"
)
_DATE = (
    rf"(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}/\d{{1,2}}|today|tomorrow|"
    rf"{'|'.join(_LONG_WEEKDAYS)}|{'|'.join(_WEEKDAYS)})"
)
_LATIN_AT_START = re.compile(rf"^({_DATE})(?=$|\s)", re.IGNORECASE)
_LATIN_AT_END = re.compile(rf"(?:^|(?<=\s)|(?<=[{HAN}]))({_DATE})$", re.IGNORECASE)
_HAN_AT_START = re.compile(rf"^({_HAN_DATE})")
_HAN_AT_END = re.compile(rf"({_HAN_DATE})$")


@dataclass
class QuickTask:
    """What a line was understood as; `problems` are sentences for the person who typed it."""

    title: str = ""
    assignee: User | None = None
    priority: int = Task.Priority.NORMAL
    due_on: dt.date | None = None
    labels: list[Label] = field(default_factory=list)
    new_labels: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_line(line: str, project: Project, today: dt.date | None = None) -> QuickTask:
    """Understand a line with the people and labels of a project."""
    today = today or timezone.localdate()
    found = QuickTask()
    people = labels = None

    def take(match: re.Match) -> str:
        nonlocal people, labels
        sign, word = match[1], match[2]
        if sign in "@＠":
            people = list(people_of(project)) if people is None else people
            _person(found, word, people)
        elif sign in "#＃":
            labels = list(project.labels.all()) if labels is None else labels
            _label(found, word, labels)
        elif word.lower() in _PRIORITIES:
            found.priority = _PRIORITIES[word.lower()]
        else:
            return match[0]
        return " "

    rest = " ".join(_MARKER.sub(take, line[:500]).split())
    found.due_on, rest = _date(rest, today)
    found.title = rest[:300]
    if not found.title:
        found.problems.append(_("Say what is to be done."))
    return found


def _person(found: QuickTask, word: str, people: list[User]) -> None:
    typed = word.casefold()
    exact = [each for each in people if typed in _names(each)]
    matches = exact or [
        each for each in people if any(name.startswith(typed) for name in _names(each))
    ]
    if len(matches) == 1:
        found.assignee = matches[0]
    elif matches:
        found.problems.append(
            _("“@%(word)s” may be %(names)s. Write more of the name.")
            % {"word": word, "names": ", ".join(str(each) for each in matches[:5])}
        )
    else:
        found.problems.append(_("Nobody in this project is called “@%(word)s”.") % {"word": word})


def _names(person: User) -> set[str]:
    """Each word of the name, all of it without blanks, the mail address and its first part."""
    name, mail = person.name.casefold(), person.email.casefold()
    return {*name.split(), "".join(name.split()), mail, mail.partition("@")[0]}


def _label(found: QuickTask, word: str, labels: list[Label]) -> None:
    typed = word.casefold()
    exact = [each for each in labels if "".join(each.name.casefold().split()) == typed]
    begins = [each for each in labels if each.name.casefold().startswith(typed)]
    label = exact[0] if exact else begins[0] if len(begins) == 1 else None
    if label is None and word not in found.new_labels:
        found.new_labels.append(word[:60])
    elif label is not None and label not in found.labels:
        found.labels.append(label)


def _date(text: str, today: dt.date) -> tuple[dt.date | None, str]:
    """A date at the end or else at the beginning of a line, and the line without it."""
    for pattern in (_LATIN_AT_END, _HAN_AT_END, _LATIN_AT_START, _HAN_AT_START):
        match = pattern.search(text)
        day = _day(match[1].lower(), today) if match else None
        if day:
            return day, (text[: match.start()] + text[match.end() :]).strip()
    return None, text


def _day(word: str, today: dt.date) -> dt.date | None:
    if word in _DAYS:
        return today + dt.timedelta(days=_DAYS[word])
    if word[:3] in _WEEKDAYS:
        return _next(_WEEKDAYS.index(word[:3]), today)
    if re.fullmatch(r"下?(?:周|星期|礼拜).", word):
        weekday = "一二三四五六日天".index(word[-1]) % 7
        weekday = 6 if word[-1] == "天" else weekday
        if word.startswith("下"):
            return today + dt.timedelta(days=7 - today.weekday() + weekday)
        return _next(weekday, today)
    numbers = [int(each) for each in re.findall(r"\d+", word)]
    if len(numbers) == 3:
        return _valid(*numbers)
    month, day = numbers if numbers[0] <= 12 else numbers[::-1]
    return _coming(month, day, today)


def _next(weekday: int, today: dt.date) -> dt.date:
    """The next such day after today."""
    return today + dt.timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _coming(month: int, day: int, today: dt.date) -> dt.date | None:
    """This year, or a later one when the day is over: 29 February may take years."""
    years = range(today.year, today.year + 9)
    days = (found for year in years if (found := _valid(year, month, day)))
    return next((each for each in days if each >= today), None)


def _valid(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
