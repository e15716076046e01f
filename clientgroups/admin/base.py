from django.contrib import admin


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that services write with figures, history and trail around them: to look at only."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class OneRowAdmin(admin.ModelAdmin):
    """A policy: one row that is changed, never added twice or deleted."""

    def has_add_permission(self, request):
        return not self.model.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False
