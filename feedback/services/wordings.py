"""Questions a new survey starts with, worded by us in both languages of the product."""

NPS = {
    "kind": "nps",
    "text_en": "How likely are you to recommend us to a colleague or friend?",
    "text_zh": "您有多大可能把我们推荐给同事或朋友？",
    "is_required": True,
}
CSAT = {
    "kind": "csat",
    "text_en": "How satisfied are you with our work for you in the last three months?",
    "text_zh": "最近三个月，您对我们的服务满意吗？",
    "is_required": True,
}
CES = {
    "kind": "ces",
    "text_en": "How easy was it to get your last matter settled with us?",
    "text_zh": "最近一次请我们办事，过程轻松吗？",
    "is_required": True,
}
TEXT = {
    "kind": "text",
    "text_en": "What should we do differently for you?",
    "text_zh": "您最希望我们改进哪一点？",
    "is_required": False,
}

BY_KIND = {"nps": NPS, "csat": CSAT, "ces": CES, "text": TEXT}

# Key -> questions; the first is offered first.
STARTS = {
    "relationship": [NPS, CSAT, TEXT],
    "effort": [CES, TEXT],
    "empty": [],
}

TITLE_EN = "How are we doing?"
TITLE_ZH = "您对我们满意吗？"
INTRO_EN = "It takes about a minute, and your team reads every answer."
INTRO_ZH = "大约需要一分钟，负责您的团队会阅读每一份答卷。"
