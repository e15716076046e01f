"""Which encoding a text has, and where it stops being readable."""

import codecs
import re

from charset_normalizer import from_bytes
from django.utils.translation import gettext_noop

from core.files.kinds import looks_like_utf16
from core.files.refusal import Refusal

BLOCK = 1 << 20
SAMPLE = 1 << 18
# Python's name -> the name people know. The first ones are tried in this order.
ENCODINGS = {
    "utf-8-sig": gettext_noop("UTF-8"),
    "utf-16": gettext_noop("UTF-16 (Unicode text)"),
    "utf-16-le": gettext_noop("UTF-16 without mark, little endian"),
    "utf-16-be": gettext_noop("UTF-16 without mark, big endian"),
    "gb18030": gettext_noop("Simplified Chinese (GB18030, GBK)"),
    "cp950": gettext_noop("Traditional Chinese (Big5)"),
    "cp932": gettext_noop("Japanese (Shift-JIS)"),
    "cp949": gettext_noop("Korean (EUC-KR)"),
    "cp1252": gettext_noop("Western European (Windows-1252)"),
    "cp1250": gettext_noop("Central European (Windows-1250)"),
    "cp1251": gettext_noop("Cyrillic (Windows-1251)"),
}
MAX_LINE = 4 << 20
TOO_LONG = gettext_noop(
    "Line %(line)s is longer than 4 million characters. Export the table again, one row per line."
)
NUL = gettext_noop(
    "Line %(line)s holds a NUL character. Export the file again as plain CSV (UTF-8)."
)
UNREADABLE = gettext_noop(
    "Line %(line)s cannot be read as %(encoding)s (byte %(byte)s). Choose the encoding the file "
    "was saved in, or save it again as CSV UTF-8."
)


def detect_encoding(path, max_line=MAX_LINE):
    """The encoding that reads the whole file; a Refusal names the line where UTF-8 breaks off."""
    with open(path, "rb") as file:
        head = file.read(SAMPLE)
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _checked(path, max_line, "utf-16")
    if looks_like_utf16(head):
        big = head[:4000:2].count(0) > head[1:4000:2].count(0)
        return _checked(path, max_line, "utf-16-be" if big else "utf-16-le")
    try:
        return _checked(path, max_line, "utf-8-sig")
    except Refusal as refusal:
        sample = _telling_sample(path)
        if _mostly_utf8(sample):
            raise
        guess = _guess(sample)
        if guess is None:
            raise Refusal(refusal.message, **refusal.params) from None
    return _checked(path, max_line, guess)


def _checked(path, max_line, encoding):
    check_encoding(path, encoding, max_line)
    return encoding


def check_encoding(path, encoding, max_line=MAX_LINE):
    """Read the whole file once; return its number of line ends, refuse at the first bad byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    ends, returns, unbroken = 0, 0, 0
    with open(path, "rb") as file:
        block = b"?"
        while block:
            block = file.read(BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as problem:
                raise _unreadable(problem, encoding, ends, returns) from None
            if "\x00" in text:
                raise Refusal(NUL, line=ends + text.count("\n", 0, text.index("\x00")) + 1)
            unbroken = 0 if "\n" in text or "\r" in text else unbroken + len(text)
            if unbroken > max_line:
                raise Refusal(TOO_LONG, line=max(ends, returns) + 1)
            ends += text.count("\n")
            returns += text.count("\r")
    return ends or returns


def _unreadable(problem, encoding, ends, returns):
    before = problem.object[: problem.start].decode(encoding, errors="ignore")
    lines = ends + before.count("\n") or returns + before.count("\r")
    return Refusal(
        UNREADABLE,
        line=lines + 1,
        encoding=ENCODINGS[encoding],
        byte=f"0x{problem.object[problem.start]:02X}",
    )


def _telling_sample(path):
    """Up to 256 KB of the lines that hold anything beyond ASCII; the others say nothing."""
    found, size = [], 0
    with open(path, "rb") as file:
        for line in iter(lambda: file.readline(1 << 16), b""):
            if not line.isascii():
                found.append(line)
                size += len(line)
            if size > SAMPLE:
                break
    return b"".join(found)


def _mostly_utf8(sample):
    """Many good UTF-8 sequences and few bad bytes: a damaged UTF-8 file, not another encoding."""
    text = sample.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(sign > "\x7f" for sign in text) - bad
    return good > 4 * bad


def _guess(sample):
    high = [byte for byte in sample if byte > 0x7F]
    if not high:
        return None
    scores = {name: score(sample) for name, score in SCORES.items()}
    best = max(scores, key=scores.get)
    if scores[best] >= 0.75 and _decodes(sample, best):
        return best
    match = from_bytes(
        sample, cp_isolation=[n for n in ENCODINGS if not n.startswith("utf")]
    ).best()
    if match is not None and match.encoding in ENCODINGS:
        return match.encoding
    return "cp1252" if _decodes(sample, "cp1252") else None


def _decodes(sample, encoding):
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _pairs(sample):
    """Bytes as a double-byte reader sees them: (lead, trail), or (byte, None) when single."""
    found, place, end = [], 0, len(sample)
    while place < end:
        byte = sample[place]
        if byte < 0x80:
            place += 1
        elif place + 1 < end and sample[place + 1] >= 0x30:
            found.append((byte, sample[place + 1]))
            place += 2
        else:
            found.append((byte, None))
            place += 1
    return found


def _share(sample, usual):
    pairs = _pairs(sample[:65536])
    return sum(bool(t and usual(b, t)) for b, t in pairs) / len(pairs) if pairs else 0.0


def _gb18030(sample):
    """Level-1 characters and punctuation of GB2312 make up nearly all of a Chinese text."""
    score = _share(sample, lambda b, t: t >= 0xA1 and (0xB0 <= b <= 0xD7 or 0xA1 <= b <= 0xA3))
    return score * (0.7 if _cp949(sample) > 0.98 and len(sample) > 40 else 1.0)


def _big5(sample):
    def usual(b, t):
        return (0x40 <= t <= 0x7E or t >= 0xA1) and 0xA1 <= b <= 0xC6

    low = _share(sample, lambda b, t: 0x40 <= t <= 0x7E)
    return _share(sample, usual) * (1.0 if low > 0.15 else 0.6)


def _cp932(sample):
    """Kana (82 and 83 lead) with common kanji; half-width kana do not decide."""
    kana = _share(sample, lambda b, t: b in (0x82, 0x83))
    usual = _share(sample, lambda b, t: 0x81 <= b <= 0x9F and t >= 0x40 and t != 0x7F)
    return usual if kana > 0.1 or usual > 0.97 else usual * 0.6


def _cp949(sample):
    return _share(sample, lambda b, t: 0xB0 <= b <= 0xC8 and t >= 0xA1)


def _lonely(sample):
    """Share of high bytes that stand singly or in pairs beside ASCII letters, as accents do."""
    text = sample[:65536]
    runs = [match.span() for match in re.finditer(rb"[\x80-\xff]+", text)]
    beside = sum(
        end - start
        for start, end in runs
        if end - start <= 2 and (text[start - 1 : start].isalpha() or text[end : end + 1].isalpha())
    )
    alone = sum(end - start for start, end in runs if end - start == 1)
    return max(beside, alone) / sum(end - start for start, end in runs)


def _cp1252(sample):
    signs = {0x80, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0xA0, 0xA3, 0xAB, 0xB0, 0xBB}
    usual = {*range(0xC0, 0x100), *signs}
    high = [byte for byte in sample[:65536] if byte > 0x7F]
    common = sum(byte in usual for byte in high) / len(high)
    return common if _lonely(sample) > 0.6 else 0.0


def _cp1251(sample):
    high = [byte for byte in sample[:65536] if byte > 0x7F]
    letters = sum(byte >= 0xC0 for byte in high) / len(high)
    small = sum(byte >= 0xE0 for byte in high) / len(high)
    return letters if small > 0.6 and _lonely(sample) < 0.3 else 0.0


SCORES = {
    "gb18030": _gb18030,
    "cp950": _big5,
    "cp932": _cp932,
    "cp949": _cp949,
    "cp1252": _cp1252,
    "cp1251": _cp1251,
}
