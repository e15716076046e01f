from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self):
        # Puts projects into the register of what a touch may be about; models are loaded only now.
        import projects.services.interactions  # noqa: PLC0415

        # And tasks made of requests into the register of personal data.
        import projects.services.personal  # noqa: F401, PLC0415
