"""Invented words of clients and of those who serve them, in both languages.

Per kind of request: subject, what the client wrote, an answer, the outcome.
"""

REQUESTS = {
    "en": {
        "Question": [
            (
                "When does the next delivery arrive?",
                "We expected the pallets on Monday. Can you tell us the new day?",
                "The truck leaves our yard tomorrow morning. I will confirm the hour by noon.",
                "Delivered on Thursday at 10:20, signed by your warehouse.",
            ),
            (
                "Can we change the invoice address?",
                "Our accounting moved to another building.",
                "Yes. Please send us the new address with the tax number.",
                "The address was changed; the next invoice carries it.",
            ),
            (
                "Do you offer training for new colleagues?",
                "Four people join us next month and have never used the portal.",
                "We hold an online session every second Tuesday. Shall I book four seats?",
                "Four seats are booked for the session on the second Tuesday.",
            ),
        ],
        "Complaint": [
            (
                "Two boxes arrived wet",
                "The lower row of the pallet was soaked. Photos are with the driver.",
                "I am sorry. We send replacements today, and I ask the carrier what happened.",
                "Both boxes were replaced at our cost; the carrier covers its pallets now.",
            ),
            (
                "Nobody calls back",
                "I left my number twice last week.",
                "You are right, that must not happen. I am your contact from now on.",
                "We spoke on the phone and agreed on a fixed contact.",
            ),
        ],
        "Wish": [
            (
                "Please offer smaller packages",
                "For our small branches 24 pieces are too many.",
                "We will ask our warehouse what a package of 12 would cost.",
                "Packages of 12 are on the list from next quarter.",
            ),
            (
                "A monthly summary by e-mail would help",
                "One page with orders and open items is enough.",
                "Good idea. Would the first working day of a month suit you?",
                "You get the summary on the first working day of each month.",
            ),
        ],
        "Fault": [
            (
                "The portal shows an old price list",
                "We still see the prices of last year.",
                "Thank you. I have passed it on and will write as soon as it is mended.",
                "The price list was published again; please reload the page.",
            ),
            (
                "Scanner does not read the new labels",
                "Every third label fails.",
                "Could you send us one of the labels that fail?",
                "The labels were printed too pale. New ones are on their way.",
            ),
        ],
    },
    "zh": {
        "Question": [
            (
                "下一批货什么时候到？",
                "原定周一到的托盘还没有到，请告知新的到货日期。",
                "货车明天早上发出，中午前我跟您确认到达时间。",
                "已于周四 10:20 送达，贵方仓库已签收。",
            ),
            (
                "发票地址可以修改吗？",
                "我们财务部搬到了新的办公楼。",
                "可以的，请把新地址和税号发给我们。",
                "地址已修改，下一张发票起生效。",
            ),
            (
                "能给新同事做一次培训吗？",
                "下个月有四位新同事入职，还没有用过平台。",
                "我们每两周的周二有线上培训，需要为您预留四个名额吗？",
                "已预留四个名额，时间为第二个周二。",
            ),
        ],
        "Complaint": [
            (
                "有两箱货受潮",
                "托盘最下面一层全湿了，照片在司机那里。",
                "非常抱歉，今天就为您补发，同时向承运商了解原因。",
                "两箱已免费补发，承运商今后会加盖防雨布。",
            ),
            (
                "一直没有人回电",
                "上周我留了两次电话。",
                "您说得对，这种情况不应该发生，今后由我负责与您联系。",
                "已电话沟通，并为您安排了固定联系人。",
            ),
        ],
        "Wish": [
            (
                "希望提供小包装",
                "对我们的小门店来说，24 件一箱太多了。",
                "我们会请仓库核算 12 件装的价格。",
                "下季度起提供 12 件装。",
            ),
            (
                "希望每月发一份汇总邮件",
                "一页就够，列出订单和未办事项。",
                "好主意，每月第一个工作日发给您可以吗？",
                "每月第一个工作日您会收到汇总邮件。",
            ),
        ],
        "Fault": [
            (
                "平台显示的是旧价目表",
                "我们看到的还是去年的价格。",
                "谢谢反馈，已转给同事处理，修好后马上告诉您。",
                "价目表已重新发布，请刷新页面。",
            ),
            (
                "扫码枪读不出新标签",
                "每三张就有一张读不出来。",
                "方便寄一张读不出来的标签给我们吗？",
                "标签打印颜色太浅，新标签已寄出。",
            ),
        ],
    },
}
FOLLOW_UPS = {
    "en": ["Is there any news?", "Thank you, I will send it today.", "That would suit us well."],
    "zh": ["请问有进展吗？", "谢谢，我今天就发给您。", "这样安排对我们很合适。"],
}
NOTES = {
    "en": ["Called the warehouse, they look into it.", "Key client: please answer today."],
    "zh": ["已联系仓库，正在查。", "重点客户，请今天答复。"],
}
RATINGS = {
    "en": {5: "Quick and friendly.", 4: "", 3: "It took a while.", 2: "I had to ask twice."},
    "zh": {5: "回复很快，态度很好。", 4: "", 3: "等得有点久。", 2: "问了两次才有答复。"},
}
CANNED = [
    (
        "Opening hours",
        None,
        "Dear {contact},\n\nwe are here from Monday to Friday, 9:00 to 18:00.\n\n{agent}",
        "{contact}，您好！\n\n我们的服务时间是周一至周五 9:00–18:00。\n\n{agent}",
    ),
    (
        "We look into it",
        "Fault",
        "Dear {contact},\n\nthank you for telling us. We look into it and write again about "
        "{number} by tomorrow.\n\n{agent}",
        "{contact}，您好！\n\n感谢反馈，我们正在查看，最迟明天就 {number} 给您答复。\n\n{agent}",
    ),
    (
        "Please send a photo",
        "Complaint",
        "Dear {contact},\n\nI am sorry about that. Could you send us a photo? Then we can replace "
        "it at once.\n\n{agent}",
        "{contact}，您好！\n\n非常抱歉。能发一张照片给我们吗？这样我们可以马上补发。\n\n{agent}",
    ),
    (
        "Delivery times",
        "Question",
        "Dear {contact},\n\norders placed by noon leave our warehouse the same day and reach "
        "{client} within two working days.\n\n{agent}",
        "{contact}，您好！\n\n中午前的订单当天发货，两个工作日内送达{client}。\n\n{agent}",
    ),
]
