from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import ReadOnly
from notifications import services
from notifications.models import Message


@admin.register(Message)
class MessageAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["subject", "address", "kind", "state", "attempts", "created_at", "last_error"]
    list_filter = ["state", "kind", "language"]
    search_fields = ["address", "subject", "dedupe_key"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    # The text may be private: the support tool shows that a message went out, not what it says.
    exclude = ["body", "html", "url", "unsubscribe_url"]
    actions = ["send_again"]

    @admin.action(description=_("Send again (given-up messages)"))
    def send_again(self, request, rows):
        sent = sum(services.retry_message(message=row, actor=request.user) for row in rows)
        text = ngettext("%(n)d message will be sent.", "%(n)d messages will be sent.", sent)
        self.message_user(request, text % {"n": sent}, messages.SUCCESS)
