"""Invented words of the demo data. Nobody and nothing here is real; mail ends at demo.example."""

PEOPLE = [
    # e-mail name, name, role, language, time zone
    ("admin", "Helen Brooks", "admin", "en", "Europe/London"),
    ("lin", "林薇", "manager", "zh-hans", "Asia/Shanghai"),
    ("omar", "Omar Haddad", "manager", "en", "Europe/Berlin"),
    ("chen", "陈宇", "staff", "zh-hans", "Asia/Shanghai"),
    ("sara", "Sara Jensen", "staff", "en", "Europe/Copenhagen"),
    ("zhou", "周敏", "staff", "zh-hans", "Asia/Shanghai"),
    ("sun", "孙佳", "staff", "zh-hans", "Asia/Shanghai"),
    ("ana", "Ana Ruiz", "staff", "en", "Europe/Madrid"),
    ("tom", "Tom Becker", "staff", "en", "Europe/Berlin"),
    ("li", "李娜", "staff", "zh-hans", "Asia/Shanghai"),
    ("grace", "Grace Obi", "staff", "en", "Europe/London"),
]

PLACES_EN = [
    "Larkfield",
    "Quayside",
    "Millbrook",
    "Northgate",
    "Eastham",
    "Westbury",
    "Fernhill",
    "Oakridge",
    "Stonebridge",
    "Willow Bay",
    "Ashdown",
    "Harrow Lane",
    "Cedar Point",
    "Maple Row",
    "Silverton",
    "Kingsmere",
    "Redcliff",
    "Thornbury",
    "Greenwell",
    "Highmoor",
]
KINDS_EN = {
    "harbour": ["Foods", "Bakery", "Outfitters", "Tea House"],
    "school": ["Primary School", "College", "Music School", "Language School"],
    "clinic": ["Clinic", "Dental", "Surgery", "Physiotherapy"],
}
PLACES_ZH = [
    "云栖",
    "湖滨",
    "青禾",
    "远山",
    "临江",
    "星桥",
    "南溪",
    "北辰",
    "竹林",
    "白鹭",
    "海棠",
    "金柚",
    "松涛",
    "明月",
    "清泉",
    "新川",
    "枫叶",
    "彩虹",
    "晨光",
    "长亭",
]
KINDS_ZH = {
    "harbour": ["食品商行", "便利店", "茶业", "家居馆"],
    "school": ["中学", "小学", "幼儿园", "培训学校"],
    "clinic": ["诊所", "口腔门诊", "康复中心", "中医馆"],
}

FIRST_EN = ["Emma", "Noah", "Olivia", "Liam", "Ava", "Ethan", "Mia", "Lucas", "Isla", "Jack"]
LAST_EN = ["Carter", "Hughes", "Bennett", "Foster", "Morgan", "Reid", "Walsh", "Doyle", "Grant"]
LAST_ZH = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
FIRST_ZH = [
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "杰",
    "娟",
    "涛",
    "明",
    "霞",
]

PRODUCTS = [
    "Annual service",
    "Starter kit",
    "Training day",
    "Refill pack",
    "年度服务",
    "培训课程",
    "补充装",
    "设备租赁",
]

GROUPS = [
    # name, description, kind, archetype of its clients or rule, manager
    (
        "Harbour key accounts",
        "Our largest shops around the harbour. Call back the same afternoon, visit every quarter.",
        "static",
        "harbour",
        "lin",
    ),
    ("滨江学校客户群", "滨江片区的学校与培训机构，按学期安排回访。", "static", "school", "lin"),
    (
        "Clinic partners",
        "Clinics and surgeries with a yearly service contract.",
        "static",
        "clinic",
        "omar",
    ),
    (
        "忠实客户",
        "一年内至少购买四次的客户，由规则自动维护。",
        "dynamic",
        {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]},
        "lin",
    ),
    (
        "Win back",
        "Clients who used to buy and stopped. Kept true by a rule.",
        "dynamic",
        {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "lapsed"}]},
        "omar",
    ),
    (
        "潜在客户",
        "已建立联系、尚未购买的客户。",
        "dynamic",
        {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "potential"}]},
        "lin",
    ),
]

PROJECTS = [
    # group index, key, name, description, status, start and due in days from today, budget
    (
        0,
        "HKA",
        "Satisfaction uplift 2026",
        "Answer faster, visit more often, fix the five complaints we hear most.",
        "active",
        -110,
        97,
        720000,
    ),
    (
        0,
        "HDL",
        "Harbour delivery windows",
        "Offer every harbour shop a two-hour delivery window.",
        "active",
        -60,
        60,
        180000,
    ),
    (
        1,
        "SCH",
        "校园服务改进计划",
        "缩短响应时间，统一各校区的服务标准。",
        "active",
        -90,
        120,
        260000,
    ),
    (1, "LIB", "图书角升级", "为十所学校更新图书角与借阅系统。", "on_hold", -40, 150, 90000),
    (
        2,
        "CLN",
        "Clinic onboarding",
        "A first month in which nobody has to ask twice.",
        "active",
        -150,
        40,
        150000,
    ),
    (
        3,
        "VIP",
        "忠实客户关怀月",
        "用一次拜访、一封手写信和一份季度回顾感谢老客户。",
        "planned",
        10,
        100,
        60000,
    ),
    (
        4,
        "WIN",
        "Win-back calls",
        "Call every client who left, learn why, make one honest offer.",
        "active",
        -30,
        75,
        45000,
    ),
    (
        2,
        "AUD",
        "Service audit 2025",
        "What we promised our clinics and what they got.",
        "closed",
        -420,
        -60,
        80000,
    ),
]

LABELS = [
    ("Service", "teal"),
    ("Systems", "blue"),
    ("Comms", "violet"),
    ("Feedback", "amber"),
    ("投诉", "red"),
    ("合同", "grey"),
]

TASKS_EN = [
    "Draft renewal offer for {client}",
    "Call {client} about the last delivery",
    "Write a one-page service summary for {client}",
    "Visit {client} and note three wishes",
    "Answer the open questions of {client}",
    "Prepare the quarterly review with {client}",
    "Check the invoice that {client} disputed",
    "Train the weekend team on call-backs",
    "Auto-route tickets by client tier",
    "Publish response times on the team page",
    "Collect reasons for late deliveries",
    "Agree on escalation path with the warehouse",
    "Translate the pulse survey into Cantonese",
    "Call back detractors from the last survey",
    "Set up the duty rota for December",
]
TASKS_ZH = [
    "拜访{client}并记录三条建议",
    "给{client}起草续约方案",
    "回复{client}的投诉并说明处理时间",
    "整理{client}近三个月的服务记录",
    "和{client}确认下学期排期",
    "统计各校区的响应时间",
    "修订服务标准说明",
    "培训周末值班人员",
    "梳理前五类投诉的原因",
    "准备季度回顾材料",
    "更新客户联系人名单",
    "与仓库确认加急流程",
    "汇总问卷中的意见并分派",
    "制作客户使用手册（第一版）",
    "安排新客户欢迎电话",
]
STEPS = [
    "Ask for the facts",
    "Write the draft",
    "Have it read",
    "Send it",
    "列出要点",
    "确认时间",
    "通知客户",
    "记录结果",
]
COMMENTS = [
    "Spoke with them this morning; they would rather meet on Thursday.",
    "The draft is ready, please have a look before noon.",
    "Waiting for the warehouse to confirm.",
    "客户希望下周三之前收到答复。",
    "已和对方确认，按新的时间执行。",
    "资料已更新，请核对第二部分。",
]
PRAISE = [
    "Your team called back the same afternoon. That is why we are staying.",
    "Clear answers, friendly people.",
    "回复很快，问题一次就解决了。",
    "上门的老师很专业，谢谢。",
]
BLAME = [
    "I had to ask three times before anybody answered.",
    "The delivery came on the wrong day again.",
    "等了两天才有人回电话。",
    "换了三个人接待，每次都要重新说一遍。",
]
SO_SO = [
    "Good service, slow invoices.",
    "Fine so far.",
    "总体不错，配送可以更准时。",
    "还可以，希望有固定联系人。",
]
