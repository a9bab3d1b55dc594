"""Structured logs on stderr: one line an event, as JSON or as text. Never a secret."""

import logging
import sys

import structlog


def configure(log_format: str, level: int = logging.INFO) -> None:
    """Sets up our own logs and the warnings of the libraries."""
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_blanks,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[
        structlog.stdlib.ProcessorFormatter.remove_processors_meta, final,
    ]))  # fmt: skip
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # a job that takes longer than its interval is looked at again when it is done: that is meant
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # that there are no voices, and that whoever only tells something hears of no guilds: both are meant
    for name in ("discord.client", "discord.state"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _without_blanks(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {name: value for name, value in event.items() if value is not None}
