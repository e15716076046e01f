"""Invented words of talks with clients. Nobody and nothing here is real."""

SAID = {
    "en": {
        "call": [
            "Asked how the last delivery went",
            "Called back about the open invoice",
            "Talked through next month's order",
            "They asked for a later delivery slot",
        ],
        "visit": [
            "Visited the shop, looked at the new shelves",
            "Walked the store with the manager",
            "Quarterly visit, three wishes noted",
        ],
        "email": [
            "Sent the price list for the season",
            "Answered questions on the contract",
            "Confirmed the training day",
            "Thanked them for the feedback",
        ],
        "chat": ["Short question about a refill pack", "Sent a photo of the damaged box"],
        "meeting": ["Quarterly review with both sides", "Planned the next half year together"],
        "note": ["New manager from January", "Prefers calls before ten"],
    },
    "zh": {
        "call": ["回访上次到货情况", "电话确认下月订单", "沟通未结发票", "对方希望调整配送时间"],
        "visit": ["上门拜访，查看新陈列", "季度走访，记录三条建议", "与负责人现场沟通"],
        "email": ["发送本季价目表", "答复合同问题", "确认培训日期", "感谢对方的反馈"],
        "chat": ["询问补充装库存", "发来破损包装照片"],
        "meeting": ["双方季度回顾会", "共同制定下半年计划"],
        "note": ["一月起更换负责人", "对方上午十点前方便接电话"],
    },
}
NOTES_EN = [
    "They are content on the whole. The invoice should name each branch, and the driver should "
    "call ten minutes ahead.",
    "Two boxes came late last week. We agreed on Tuesday mornings from now on.",
    "They compare prices at the moment. A visit before the end of the month would help.",
    "Good talk. They want to train two more people in spring.",
]
NOTES_ZH = [
    "整体满意，希望发票按门店分列，司机提前十分钟电话通知。",
    "上周有两箱晚到，约定以后固定周二上午送货。",
    "对方正在比较价格，月底前上门一次会有帮助。",
    "沟通顺利，春季还想再培训两位同事。",
]
TODO_EN = [
    "Send the corrected invoice",
    "Call with a date for the visit",
    "Ask whether the new slot works",
    "Bring the offer for spring",
]
TODO_ZH = ["发送更正后的发票", "电话约定上门时间", "确认新的配送时间是否合适", "准备春季方案"]
