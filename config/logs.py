"""One JSON object per line on standard output, with request ids and without secrets."""

import logging
import re

import structlog

# A personal link of a client or a reset link is a credential: whoever reads the log must not be
# able to use it.
SECRET_PATHS = re.compile(
    r"(/(?:i|r|s|survey|surveys/answer|accounts/password/reset/key)/)[^/\s?]+"
)


def mask_secret_paths(logger, method, event):
    """structlog processor: keep the route, drop the token."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRET_PATHS.sub(r"\1…", value)
    return event


SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def json_logging(level=logging.INFO):
    """The LOGGING setting; also points structlog at the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask_secret_paths,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"handlers": ["stdout"], "level": level},
        # django_structlog writes a line for each request; Django's own would be a second one.
        "loggers": {"django.server": {"handlers": [], "propagate": False}},
    }
