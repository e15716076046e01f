"""A Trello export as data: refused with a sentence when it is something else."""

import json
import re
from collections import Counter

from django.utils.translation import gettext_noop

from core.files.encodings import detect_encoding
from core.files.kinds import WORKBOOK, file_kind
from core.files.refusal import Refusal, shorten

NOT_TRELLO = gettext_noop(
    "This is %(kind)s, not a Trello export. In Trello open the board's menu, choose “Print, export "
    "and share”, then “Export as JSON”, and upload that file."
)
NOT_JSON = gettext_noop(
    "This is not a Trello export: the file begins with “%(found)s”, which is not JSON. In Trello "
    "open the board's menu, choose “Print, export and share”, then “Export as JSON”, and upload "
    "that file."
)
BROKEN_OFF = gettext_noop(
    "The file breaks off at line %(line)s, column %(column)s: the export is incomplete. Download "
    "it again and upload the whole file."
)
DAMAGED = gettext_noop(
    "The JSON is damaged at line %(line)s, column %(column)s. Export the board again and do not "
    "edit the file."
)
TOO_DEEP = gettext_noop(
    "The JSON is nested too deeply for a Trello export. Export the board again."
)
TOO_MUCH = gettext_noop(
    "The file holds more than %(limit)s values, too many for one board. Archive and delete old "
    "cards in Trello, or copy a part of the board, and export that."
)
ONE_CARD = gettext_noop(
    "This is the export of one card (“%(name)s”), not of a board: the key “lists” is missing. "
    "Open the whole board, choose “Print, export and share” in its menu, then “Export as JSON”."
)
REST_ARRAY = gettext_noop(
    "This file holds only %(kind)s as Trello's programming interface gives them, without their "
    "board. In Trello open the board's menu, choose “Print, export and share”, then “Export as "
    "JSON”, and upload that file."
)
KEY_MISSING = gettext_noop(
    "The key “%(key)s” is missing, so this is not a complete board. Export the board again as JSON "
    "from its menu, without removing anything."
)
KEY_WRONG = gettext_noop(
    "The key “%(key)s” holds %(kind)s instead of a list. Export the board again as JSON from its "
    "menu."
)
NO_BOARD = gettext_noop(
    "The file holds no board: the keys “lists” and “cards” are missing (found: %(found)s). In "
    "Trello open the board's menu, choose “Print, export and share”, then “Export as JSON”."
)
EMPTY_BOARD = gettext_noop(
    "The board “%(name)s” has no lists and no cards. Export a board that has cards, or choose "
    "another file."
)
MAX_CONTAINERS = 1_500_000
MAX_VALUES = 5_000_000
# Trello's own bookkeeping inside cards and attachments: large, derived, and never imported.
HEAVY = ("badges", "limits", "previews", "descData", "nameData", "textData", "prefs", "nonPublic")
TYPES = {
    "dict": gettext_noop("an object"),
    "list": gettext_noop("a list"),
    "str": gettext_noop("a text"),
    "int": gettext_noop("a number"),
    "float": gettext_noop("a number"),
    "bool": gettext_noop("true or false"),
    "NoneType": gettext_noop("nothing (null)"),
}


class Export:
    """The boards of a file, and how often bookkeeping was dropped while it was read."""

    def __init__(self, path):
        self.dropped = Counter()
        self.boards = find_boards(self._parse(_text_of(path)))

    def _parse(self, text):
        try:
            return json.loads(
                text, object_hook=self._lighten, parse_int=_integer, parse_constant=lambda _: None
            )
        except json.JSONDecodeError as problem:
            raise _broken(problem, text) from None
        except RecursionError:
            raise Refusal(TOO_DEEP) from None

    def _lighten(self, found):
        for key in HEAVY:
            if key in found and found.pop(key):
                self.dropped[key] += 1
        if found.get("type") not in (None, "commentCard", "copyCommentCard") and "data" in found:
            return {"id": found.get("id"), "type": found["type"]}
        return found


def _integer(text):
    return int(text) if len(text) < 25 else float(text)


def _text_of(path):
    try:
        kind = file_kind(path)
    except Refusal as refusal:
        if "kind" in refusal.params:
            raise Refusal(NOT_TRELLO, kind=refusal.params["kind"]) from None
        raise
    if kind == WORKBOOK:
        raise Refusal(NOT_TRELLO, kind=gettext_noop("an Excel workbook"))
    encoding = detect_encoding(path, max_line=1 << 40)
    with open(path, encoding=encoding, newline="") as file:
        text = file.read()
    start = text[:2000].lstrip("\ufeff \t\r\n")
    if start[:1] not in ("{", "["):
        raise Refusal(NOT_JSON, found=shorten(start, 30))
    if text.count("{") + text.count("[") > MAX_CONTAINERS or text.count(",") > MAX_VALUES:
        raise Refusal(TOO_MUCH, limit=MAX_VALUES)
    return text.lstrip("\ufeff")


def _broken(problem, text):
    ends = problem.pos >= len(text.rstrip()) or problem.msg.startswith("Unterminated string")
    return Refusal(BROKEN_OFF if ends else DAMAGED, line=problem.lineno, column=problem.colno)


# Finding boards ----------------------------------------------------------------------------------


def find_boards(data):
    """The board objects of a parsed file; a Refusal says what the file holds instead."""
    if isinstance(data, list):
        return _boards_of_array(data)
    if not isinstance(data, dict):
        raise Refusal(NO_BOARD, found=TYPES.get(type(data).__name__, "JSON"))
    if isinstance(data.get("boards"), list) and "cards" not in data:
        return _boards_of_array(data["boards"])
    for key in ("board", "data"):
        inner = data.get(key)
        if isinstance(inner, dict) and "lists" in inner and "lists" not in data:
            return [_checked(inner)]
    return [_checked(data)]


def _boards_of_array(rows):
    rows = [row for row in rows if isinstance(row, dict)]
    boards = [row for row in rows if "lists" in row or "cards" in row]
    if not boards and rows:
        kind = _rest_kind(rows[0])
        if kind:
            raise Refusal(REST_ARRAY, kind=kind)
        raise Refusal(NO_BOARD, found=_keys(rows[0]))
    if not boards:
        raise Refusal(NO_BOARD, found="[]")
    checked = []
    for board in boards:
        try:
            checked.append(_checked(board))
        except Refusal:
            if len(boards) == 1 or (board is boards[-1] and not checked):
                raise
    return checked


def _rest_kind(row):
    """What an array of Trello's programming interface lists, judged by its first row."""
    if "idList" in row:
        return gettext_noop("cards")
    if "checkItems" in row:
        return gettext_noop("checklists")
    if "color" in row and "idBoard" in row:
        return gettext_noop("labels")
    if "fullName" in row or "username" in row:
        return gettext_noop("members")
    if "type" in row and ("data" in row or set(row) == {"id", "type"}):
        return gettext_noop("actions")
    if "idBoard" in row and "pos" in row:
        return gettext_noop("lists")
    return None


def _checked(board):
    if "lists" not in board and "cards" not in board:
        if "idList" in board and "idBoard" in board:
            raise Refusal(ONE_CARD, name=shorten(board.get("name") or "?", 60))
        kind = _rest_kind(board)
        if kind:
            raise Refusal(REST_ARRAY, kind=kind)
        raise Refusal(NO_BOARD, found=_keys(board))
    for key in ("lists", "cards"):
        if key not in board:
            raise Refusal(KEY_MISSING, key=key)
        if not isinstance(board[key], list):
            raise Refusal(KEY_WRONG, key=key, kind=TYPES.get(type(board[key]).__name__, "JSON"))
    if not board["lists"] and not board["cards"]:
        raise Refusal(EMPTY_BOARD, name=shorten(board.get("name") or "?", 60))
    return board


def _keys(found):
    return shorten(", ".join(list(found)[:8]) or "{}", 120)


# Guesses -----------------------------------------------------------------------------------------

WORDS = {
    "cancelled": (
        "cancelled canceled cancel rejected dropped discarded abandoned wontfix declined "
        "abgebrochen storniert verworfen annulé annulée abandonné cancelado cancelada descartado "
        "annullato zrušeno отменено отклонено 取消 已取消 中止 废弃 作废 放弃 已拒绝 廢棄 "
        "保留中止 취소"
    ),
    "done": (
        "done complete completed finished closed released release shipped live deployed resolved "
        "delivered archived fertig erledigt abgeschlossen terminé terminée terminés fini fait "
        "faits livré hecho hechos hecha terminado completado finalizado concluído concluido feito "
        "fatto completato klaar gereed hotovo gotowe zrobione ukończone готово завершено "
        "выполнено tamamlandı bitti färdig klar 完成 已完成 完了 完毕 结束 已结束 结案 已结案 "
        "結案 关闭 已关闭 关单 已上线 已发布 验收完成 クローズ 終了 済 완료 종료"
    ),
    "doing": (
        "doing progress inprogress wip ongoing started current active review reviewing testing "
        "test qa verify waiting blocked sprint arbeit bearbeitung laufend prüfung encours cours "
        "revue curso proceso progreso revisión andamento corso bezig probíhá trakcie работе "
        "процессе 进行中 处理中 开发中 测试中 审核中 审核 评审 测试 待验收 進行中 處理中 作業中 "
        "対応中 レビュー 確認中 진행중 진행"
    ),
}
TODO = (
    "todo todos backlog zutun offen àfaire afaire porhacer 待办 待办事项 未开始 やること 待處理 "
    "待处理 할일"
)


def guess_category(name):
    """What standing in a list of this name means, and whether the name says nothing else."""
    low = name.casefold().strip()
    words = set(re.findall(r"[^\W\d_]+", low))
    for category, known in WORDS.items():
        known = known.split()
        exact = low.replace(" ", "") in known
        if exact or words & set(known):
            return category, exact
        if any(not word.isascii() and len(word) > 1 and word in low for word in known):
            return category, False
    plain = low.replace(" ", "").replace("-", "")
    return "todo", plain in TODO.split()
