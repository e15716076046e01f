from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "imports"

    def ready(self):
        # Puts what imports keep into the register of personal data; models are loaded only now.
        import imports.registry.personal  # noqa: F401, PLC0415
