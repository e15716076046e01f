from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self):
        # Each puts what it offers into a register of the app below; models are loaded only now.
        import feedback.selectors.client_events  # noqa: PLC0415
        import feedback.selectors.client_facts  # noqa: PLC0415
        import feedback.selectors.group_scores  # noqa: PLC0415
        import feedback.services.personal  # noqa: F401, PLC0415
