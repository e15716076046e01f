"""Invented figures and names for the styleguide, in both languages and at their worst."""

import datetime as dt
from types import SimpleNamespace

from django import forms
from django.utils import timezone
from django.utils.translation import get_language

from core import charts, formats
from core.forms import DateInput, NumberInput, TextArea
from core.templatetags.statuses import LOOKS

TOAST = "“Harbour Foods 海港食品” moved to Done."
WRONG = {"title": "x" * 8, "amount": "twelve", "due": "", "note": "kept as typed", "kind": "one"}
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
KINDS = [("one", "One · 一"), ("two", "Two · 二")]


class SampleForm(forms.Form):
    title = forms.CharField(help_text="What it is called. 名称。", min_length=12)
    amount = forms.DecimalField(required=False, widget=NumberInput)
    due = forms.DateField(widget=DateInput)
    note = forms.CharField(widget=TextArea(draft="styleguide"), required=False)
    kind = forms.ChoiceField(choices=KINDS)
    pick = forms.ChoiceField(choices=KINDS, widget=forms.RadioSelect)
    many = forms.MultipleChoiceField(choices=KINDS, widget=forms.CheckboxSelectMultiple)
    agree = forms.BooleanField(label="Send me a copy · 抄送给我")
    file = forms.FileField(label="File · 文件")


class FilterForm(forms.Form):
    q = forms.CharField(required=False, label="Search · 搜索")
    kind = forms.ChoiceField(choices=[("", "—"), *KINDS], required=False, label="Kind · 类型")


def pick(english, chinese):
    return chinese if get_language() == "zh-hans" else english


def build():
    today = timezone.localdate()
    return {
        "long": LONG,
        "people": pick(
            ["Lin Wei", "Chen Yu", "Zhou Min", "Sun Jia", "Amy Reid", "Otto"],
            ["林薇", "陈宇", "周敏", "孙佳", "欧阳明日", "艾米"],
        ),
        "statuses": list(LOOKS),
        "kpis": kpis(),
        "chart": chart(),
        "bars": bars(),
        "scores": scores(),
        "goals": goals(today),
        "attention": attention(),
        "lanes": lanes(today),
        "labels": labels(),
        "rows": table(today),
        "yesterday": today - dt.timedelta(days=1),
        "tomorrow": today + dt.timedelta(days=1),
        "chips": [
            (pick("Everyone", "全部成员"), "?", True),
            (pick("Mine", "我的"), "?mine=1", False),
            (pick("Overdue", "逾期"), "?late=1", False),
        ],
        "steps": [
            (pick("File", "文件"), "done"),
            (pick("Columns", "字段"), "done"),
            (pick("Dry run", "试运行"), "now"),
            (pick("Import", "导入"), "next"),
        ],
        "pairs": [
            (pick("Lead", "负责人"), pick("Lin Wei", "林薇")),
            (pick("Budget", "预算"), formats.compact_money(486000)),
            (pick("Ends", "结束"), None),
            (pick("Word", "长词"), LONG),
        ],
        "markdown": "**Bold**, _soft_, `code`, <b>no html</b>\n\n* one\n* 二\n\n> quoted",
    }


def kpis():
    goals = charts.segments([("ok", 7), ("risk", 1), ("late", 1)])
    line = charts.spark([71.4, 72.9, 72.1, 75.8, 78.6, 81.2])
    return [
        {
            "label": pick("Satisfaction", "客户满意度"),
            "value": "81.2",
            "unit": "/ 100",
            "delta": "+2.6",
            "tone": "good",
            "up": True,
            "viz": line,
            "corner": True,
            "note": pick("95% CI ±1.9 · n = 214", "95% 区间 ±1.9 · 样本 214"),
        },
        {
            "label": pick("Goals on track", "目标正常推进"),
            "value": "7",
            "viz": goals,
            "unit": pick("of 9", "/ 9 项"),
            "delta": pick("2 at risk", "2 项有风险"),
            "tone": "warn",
            "note": pick("Next due in 8 days", "最近一项 8 天后到期"),
        },
        {
            "label": pick("Budget used", "预算使用"),
            "value": formats.compact_money(486000),
            "unit": pick("of ¥720K", "/ ¥72万"),
            "viz": charts.meter(0.675, plan=0.62),
            "delta": pick("EAC ¥748K", "完工估算 ¥74.8万"),
            "tone": "warn",
            "note": pick("3.9% over plan", "超出计划 3.9%"),
        },
        {
            "label": pick("Response rate", "回收率"),
            "value": None,
            "note": pick("Nobody was asked yet", "尚未发出邀请"),
        },
    ]


def chart():
    months = pick(
        ["Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"],
        ["6月", "7月", "8月", "9月", "10月", "11月", "12月", "1月", "2月"],
    )
    points = [71.4, 72.9, None, 75.8, 78.6, 81.2, None, None, None]
    low = [67.6, 69.6, None, 72.9, 76.1, 79.3, None, None, None]
    high = [75.2, 76.2, None, 78.7, 81.1, 83.1, None, None, None]
    ahead = {
        "mid": [(6, 82.9), (7, 84.7), (8, 86.3)],
        "low": [(6, 80.1), (7, 80.9), (8, 81.3)],
        "high": [(6, 85.7), (7, 88.5), (8, 91.0)],
    }
    title = pick("Customer satisfaction", "客户满意度趋势")
    rows = zip(months, points, low, high, strict=True)
    return {
        "title": title,
        "sub": pick("Monthly score with 95% confidence interval", "月度得分与 95% 置信区间"),
        "svg": charts.line(
            points,
            months,
            low=low,
            high=high,
            target=85,
            forecast=ahead,
            today=5,
            title=title,
            target_label=pick("Target 85 by 31 Jan", "目标 85 · 1月31日前"),
            desc=pick("From 71.4 in June to 81.2 in November.", "由 6 月 71.4 升至 11 月 81.2。"),
        ),
        "legend": [
            ("ln", pick("Score", "得分")),
            ("bd", pick("95% CI", "置信区间")),
            ("fc", pick("Forecast", "预测")),
        ],
        "head": [pick("Month", "月份"), pick("Score", "得分"), "95%"],
        "rows": [[m, p, f"{a}–{b}" if p else None] for m, p, a, b in rows][:6],
        "insight": pick(
            "At this pace the score reaches 85 in mid-January; 46% chance by 31 January.",
            "按当前趋势，1 月中旬达到 85 分；1 月 31 日前达标的概率约为 46%。",
        ),
    }


def bars():
    title = pick("Answers by point", "各分值答卷数")
    rows = [(pick("Promoters", "推荐者"), 112, ""), (pick("Passives", "被动者"), 61, "done")]
    rows.append((pick("Detractors", "贬损者"), 41, "late"))
    return {
        "up": charts.bars([4, 9, 22, 61, 118], ["1", "2", "3", "4", "5"], title=title, desc=title),
        "lying": charts.hbars(rows, title=title, desc=title),
        "split": charts.segments([("ok", 112), ("done", 61), ("late", 41)], title=title),
        "none": charts.spark([None, 3]),
    }


def scores():
    seen = {"computed_at": timezone.now(), "metric": "csat"}
    return [
        {"score": 81.25, "n": 214, "low": 79.3, "high": 83.1, **seen},
        {"score": 70.0, "n": 8, "low": 40.0, "high": 90.0, **seen},
        {"score": 70.0, "n": 3, "low": 10.0, "high": 90.0, **seen},
        None,
    ]


def goals(today):
    far = today + dt.timedelta(days=40)
    return [
        {
            "label": pick(
                "Raise satisfaction to 85+ within half a year", "六个月内满意度提升至 85 分"
            ),
            "who": pick("Lin Wei", "林薇"),
            "due": far,
            "progress": 72,
            "status": "on_track",
            "kids": [
                {
                    "label": pick("Cut first response to under 2 hours", "首次响应缩短至 2 小时内"),
                    "who": pick("Chen Yu", "陈宇"),
                    "due": far,
                    "progress": 88,
                    "status": "on_track",
                },
                {
                    "label": pick("Resolve the top five complaint causes", "解决前五类投诉原因"),
                    "who": pick("Zhou Min", "周敏"),
                    "due": far,
                    "progress": 41,
                    "status": "at_risk",
                },
                {"label": LONG, "who": None, "due": None, "progress": None, "status": "unknown"},
            ],
        },
        {
            "label": pick("Retain 95% of key accounts", "重点客户续约保留率达到 95%"),
            "kids": [],
            "who": pick("Amy Reid", "艾米"),
            "due": far,
            "progress": 38,
            "status": "behind",
        },
    ]


def attention():
    lines = [
        (
            "amber",
            "message-star",
            pick("3 detractors are waiting for a call back", "3 位不满意客户等待回访"),
            pick("October survey · oldest 6 days", "10 月调查 · 最早 6 天前"),
            pick("Assign", "分派"),
        ),
        (
            "red",
            "coin",
            pick("Purchases forecast ¥28K over budget", "采购预计超预算 ¥2.8万"),
            LONG,
            pick("Review", "审阅"),
        ),
        (
            "blue",
            "calendar-event",
            pick("Weekly review today at 15:00", "今日 15:00 周例会"),
            pick("Agenda has 4 items", "议程 4 项"),
            pick("Open", "打开"),
        ),
    ]
    names = ("tone", "icon", "title", "detail", "action")
    return [dict(zip(names, row, strict=True), url="#attention") for row in lines]


def labels():
    colours = ("teal", "blue", "violet", "amber", "red", "grey")
    words = pick(
        ("Service", "Systems", "Comms", "Feedback", "Blocked", "Later"),
        ("服务", "系统", "沟通", "客户反馈", "受阻", "以后"),
    )
    return [SimpleNamespace(colour=c, name=n) for c, n in zip(colours, words, strict=True)]


def lanes(today):
    found = labels()
    late = today - dt.timedelta(days=2)
    soon = today + dt.timedelta(days=9)
    one = {"key": "HR-128", "labels": found[:1], "priority": "high", "due": soon, "checks": "5/8"}
    return [
        {
            "name": pick("To do", "待办"),
            "tone": "grey",
            "count": "2",
            "cards": [
                {
                    **one,
                    "title": pick("Draft renewal offer for Harbour Foods", "拟定海港食品续约方案"),
                },
                {**one, "key": "HR-131", "priority": "low", "title": LONG, "labels": found},
            ],
        },
        {
            "name": pick("In progress", "进行中"),
            "tone": "blue",
            "count": "6/5",
            "over": True,
            "cards": [
                {
                    **one,
                    "key": "HR-122",
                    "priority": "urgent",
                    "due": late,
                    "labels": found[2:4],
                    "title": pick("Call back 12 detractors", "回访 12 位不满意客户"),
                },
            ],
        },
        {"name": pick("Done", "已完成"), "tone": "teal", "count": "0", "cards": []},
    ]


def table(today):
    return [
        (pick("Harbour Foods", "海港食品"), "loyal", 214, 486000, today),
        (LONG, "lapsed", 3, None, today - dt.timedelta(days=400)),
        (pick("Fuli Supermarkets", "富力超市"), "potential", None, 0, None),
    ]
