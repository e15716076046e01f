from clientgroups.models.activity import Activity, ActivityInvitation
from clientgroups.models.calendar import BusinessCalendar, CalendarException
from clientgroups.models.client import Client
from clientgroups.models.contact import Channel, ConsentChange, Contact
from clientgroups.models.engagement import ClientSilence, EngagementPolicy, HealthPolicy
from clientgroups.models.finding import Finding
from clientgroups.models.group import ClientGroup, GroupAccess
from clientgroups.models.interaction import ClientHealth, Interaction, TouchPlan
from clientgroups.models.lifecycle import LifecycleChange, LifecyclePolicy
from clientgroups.models.mark import ClientMark
from clientgroups.models.membership import Membership
from clientgroups.models.merge import ClientMerge, NotDuplicate
from clientgroups.models.purchase import Purchase, StagedPurchase
from clientgroups.models.request import (
    CannedAnswer,
    Priority,
    RequestMessage,
    RequestType,
    ServiceRequest,
    SlaPolicy,
)
from clientgroups.models.size import GroupSize
from clientgroups.models.staged import ImportedRow, StagedContact
from clientgroups.models.tag import CustomField, Tag
from clientgroups.models.value import ExchangeRate, RfmChange, RfmScore, ValuePolicy

__all__ = [
    "Activity",
    "ActivityInvitation",
    "BusinessCalendar",
    "CalendarException",
    "CannedAnswer",
    "Channel",
    "Client",
    "ClientGroup",
    "ClientHealth",
    "ClientMark",
    "ClientMerge",
    "ClientSilence",
    "ConsentChange",
    "Contact",
    "CustomField",
    "EngagementPolicy",
    "ExchangeRate",
    "Finding",
    "GroupAccess",
    "GroupSize",
    "HealthPolicy",
    "ImportedRow",
    "Interaction",
    "LifecycleChange",
    "LifecyclePolicy",
    "Membership",
    "NotDuplicate",
    "Priority",
    "Purchase",
    "RequestMessage",
    "RequestType",
    "RfmChange",
    "RfmScore",
    "ServiceRequest",
    "SlaPolicy",
    "StagedContact",
    "StagedPurchase",
    "Tag",
    "TouchPlan",
    "ValuePolicy",
]
