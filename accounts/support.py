from django.contrib.admin.apps import AdminConfig


class SupportConfig(AdminConfig):
    """Django's administration as our support tool; stands in INSTALLED_APPS instead of it."""

    default = False
    default_site = "accounts.sites.SupportSite"
