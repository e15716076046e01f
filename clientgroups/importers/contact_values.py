"""Words of address files: languages, answers to yes or no, kinds of clients, ways to be reached."""

import re
import unicodedata
from email.utils import parseaddr

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from clientgroups.models import Channel, Client

SEVERAL = " ::: "
_YES = (
    "yes y true t 1 x on ok ja oui si sim vrai wahr verdadero ✓ ✔ 是 有 同意 对 真 接受 已同意 在职"
    " granted optin optedin subscribed agreed accepted active aktiv actif activo"
)
_NO = (
    "no n false f 0 off nein non nao falsch faux falso ✗ ✘ 否 无 不 不同意 假 拒绝 离职 已退订"
    " denied optout optedout unsubscribed declined revoked inactive inaktiv inactif"
)
YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
LANGUAGES = {
    "en": "en eng english englisch anglais ingles inglese 英文 英语 英語",
    "zh-hans": (
        "zh zho chi cn chinese mandarin chinesisch chinois chino cinese 中文 汉语 简体中文 简体"
        " 普通话 华语 中国語 simplifiedchinese chinesesimplified 中文简体 繁体中文 繁體中文"
    ),
}
_LANGUAGES = {word: code for code, words in LANGUAGES.items() for word in words.split()}
_KINDS = {
    Client.Kind.ORGANISATION: (
        "organisation organization org company business account firma unternehmen societe"
        " entreprise empresa 公司 企业 组织 机构 单位 group"
    ),
    Client.Kind.PERSON: (
        "person individual consumer private privat privatperson particulier particular persona"
        " household 个人 人 消费者 客户个人 自然人"
    ),
}
KINDS = {word: kind.value for kind, words in _KINDS.items() for word in words.split()}
_CHANNELS = {
    Channel.EMAIL: "email mail newsletter courriel correo 邮件 电子邮件 邮箱",
    Channel.PHONE: "phone telephone call telefon anruf telefono mobile 电话 手机",
    Channel.CHAT: (
        "chat sms text textmessage whatsapp wechat telegram chatortextmessage 微信 短信 聊天"
        " 聊天或短信"
    ),
    Channel.POST: "post letter postal brief courrier lettre carta 信函 信件 邮寄",
}
CHANNELS = {word: channel.value for channel, words in _CHANNELS.items() for word in words.split()}
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_valid = EmailValidator()


def word_of(text):
    """A word without case, width, accents, blanks and signs."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[\W_]+", "", "".join(s for s in text if not unicodedata.combining(s)))


def parse_yes_no(text):
    """True, False, or None for anything else: what is unknown is not granted."""
    text = text.strip().casefold()
    if text in YES or text in NO:
        return text in YES
    word = word_of(text)
    return True if word in YES else False if word in NO else None


def parse_language(text):
    """The first language of the product that a text names, or None."""
    for part in re.split(r"[,;/]| ::: ", text):
        first = re.split(r"[-_ (]", part.strip().casefold())[0]
        found = _LANGUAGES.get(word_of(part)) or _LANGUAGES.get(first)
        if found:
            return found
    return None


def language_of_name(name):
    """Chinese for a name in Han characters; None where a name tells nothing."""
    is_han = _HAN.search(name) and not _KANA_OR_HANGUL.search(name)
    return "zh-hans" if is_han else None


def parse_kind(text):
    return KINDS.get(word_of(text))


def parse_channel(text):
    return CHANNELS.get(word_of(text))


def parse_email(text):
    """The address in a cell, such as `Anne <anne@example.com>`; None when it is none."""
    text = text.strip().removeprefix("mailto:")
    if "<" in text:
        text = parseaddr(text)[1] or text
    if len(text) > 254:
        return None
    try:
        _valid(text)
    except ValidationError:
        return None
    return text


def split_emails(text):
    """The addresses of one cell, however they are parted."""
    parts = text.split(SEVERAL) if SEVERAL in text else re.split(r"[;,\n，；、]|\s\|\s", text)
    return [part.strip() for part in parts if part.strip()]


def split_tags(text):
    parts = text.split(SEVERAL) if SEVERAL in text else re.split(r"[;,\n，；、|]", text)
    # Google marks its own groups by a star; they say nothing about the client.
    tags = (" ".join(part.split()) for part in parts)
    return list(dict.fromkeys(tag for tag in tags if tag and not tag.startswith("* ")))


def joined_name(given, middle, family):
    """A whole name; Chinese, Japanese and Korean put the family first and no blank between."""
    if not (family + given).isascii() and _HAN.search(family + given):
        return f"{family}{middle}{given}"
    return " ".join(filter(None, (given, middle, family)))
