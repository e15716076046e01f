from clientgroups.models.client import Client, Contact
from clientgroups.models.group import ClientGroup, GroupAccess
from clientgroups.models.lifecycle import LifecycleChange, LifecyclePolicy
from clientgroups.models.membership import Membership
from clientgroups.models.purchase import Purchase, StagedPurchase

__all__ = [
    "Client",
    "ClientGroup",
    "Contact",
    "GroupAccess",
    "LifecycleChange",
    "LifecyclePolicy",
    "Membership",
    "Purchase",
    "StagedPurchase",
]
