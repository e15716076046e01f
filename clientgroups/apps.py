from django.apps import AppConfig


class ClientgroupsConfig(AppConfig):
    name = "clientgroups"
