"""HANDLERS: the one list of what listens to dialogs, buttons, the home tab, shortcuts and links."""

from collections.abc import Callable

from slack_bolt.async_app import AsyncApp

from bot.slack import buttons, dialog, home, shortcuts, unfurl
from bot.slack.desk import Desk

HANDLERS: tuple[Callable[[AsyncApp, Desk], None], ...] = (
    dialog.register,
    home.register,
    buttons.register,
    shortcuts.register,
    unfurl.register,
)
