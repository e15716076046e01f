"""What of a Trello export is not imported: every key and kind of action, counted, with why."""

from collections import Counter

from django.utils.translation import gettext_noop

BOOKKEEPING = gettext_noop("Trello's own bookkeeping, or derived from what is imported.")
NO_PLACE = gettext_noop("There is no place for it in a project yet.")
HISTORY = gettext_noop("The history of changes stays in Trello; comments are imported.")
ACCESS = gettext_noop("Who may see the board is decided by the roles in the project.")
LOOK = gettext_noop("Looks are not imported.")
UNKNOWN = gettext_noop("This key is not known.")

# Keys that are read. Whatever else holds something is listed.
TAKEN = {
    "board": "id name lists cards labels members checklists customFields actions labelNames",
    "list": "id name closed pos",
    "card": (
        "id name desc idList pos closed isTemplate cardRole start due dueComplete dateCompleted "
        "dateLastActivity idMembers idLabels labels idChecklists checklists checkItemStates "
        "attachments customFieldItems url shortUrl address locationName coordinates"
    ),
    "label": "id name color",
    "checklist": "id name idCard pos checkItems",
    "checkItem": "id name pos state due idMember idChecklist",
    "member": "id fullName username",
    "attachment": "id name url bytes date",
    "comment": "id type data date idMemberCreator memberCreator",
    "customField": "id name type options",
}
REASONS = {
    BOOKKEEPING: (
        "idBoard idShort shortLink nodeId idOrganization idEnterprise ixUpdate dateLastView uses "
        "dateViewedByCreator creationMethod creationMethodError creationMethodLoadingStartedAt "
        "idAttachmentCover manualCoverAttachment staticMapUrl email subscribed pinned starred "
        "powerUps premiumFeatures datePluginDisable enterpriseOwned idBoardSource idTags url "
        "shortUrl dateLastActivity idMemberCreator idMember idModel modelType fieldGroup display "
        "pos mimeType isUpload fileName edgeColor isMalicious idCustomField idUploadedBackground "
        "agent faviconUrl originalDesc originalName mirrorSourceId mirrorSourceNodeId members "
        "urlSource urlSourceText externalSource recurrenceRule singleInstrumentationId "
        "sourceEmail dateClosed appCreator card reactions type idAttachment invitations invited "
        "templateGallery datasource idMembersInvited aaId activityBlocked avatarHash avatarUrl "
        "bio bioData confirmed idEnterprisesDeactivated idMemberReferrer idPremOrgsAdmin initials "
        "memberType products status nonPublicAvailable dateLastImpression"
    ),
    ACCESS: "memberships",
    LOOK: "cover stickers background",
    HISTORY: "",
    NO_PLACE: "desc closed softLimit dueReminder idMembersVoted pluginData descTemplates",
}
_WHY = {key: reason for reason, keys in REASONS.items() for key in keys.split()}
_TAKEN = {entity: frozenset(keys.split()) for entity, keys in TAKEN.items()}
_ORDER = [NO_PLACE, UNKNOWN, LOOK, ACCESS, HISTORY, BOOKKEEPING]
MOST = 300


class Losses:
    """Counts what is left behind, by a name such as `card.cover` and the reason."""

    def __init__(self):
        self.counts = Counter()

    def add(self, what, reason, times=1):
        if times:
            self.counts[what[:80], reason] += times

    def keys_of(self, entity, found):
        """Count the keys of one object that hold something and are not read."""
        taken = _TAKEN[entity]
        for key, value in found.items():
            if key not in taken and value not in (None, "", [], {}, False, 0):
                if key == "cover" and isinstance(value, dict) and not _has_cover(value):
                    continue
                name = "".join(s for s in str(key)[:60] if s.isprintable())
                self.counts[f"{entity}.{name}", _WHY.get(key, UNKNOWN)] += 1

    def as_list(self):
        """[what, count, reason], real losses first; what is too much is summed up."""
        rows = [[what, count, reason] for (what, reason), count in self.counts.items()]

        def rank(row):
            return (_ORDER.index(row[2]) if row[2] in _ORDER else -1, -row[1], row[0])

        rows.sort(key=rank)
        if len(rows) > MOST:
            rest = sum(row[1] for row in rows[MOST:])
            rows = [*rows[:MOST], ["…", rest, UNKNOWN]]
        return rows


def _has_cover(cover):
    return any(cover.get(key) for key in ("color", "idAttachment", "idUploadedBackground"))
