"""The app's manifest, which an operator pastes into https://api.slack.com/apps. Pure.

https://docs.slack.dev/reference/app-manifest
"""

from collections.abc import Sequence
from typing import Any

from bot.slack import scopes

MOST_UNFURLED = 5

_LONG = (
    "uptimus follows the public status pages of the services your team depends on. Ask for status or uptime with "
    "/uptimus, follow a service in a channel, and get one message per incident with every update threaded under "
    "it, plus maintenance notices ahead of time. uptimus does not read channel messages: it only answers its "
    "slash command, its shortcuts and its own buttons."
)
_HINT = "[follow chargeover | status | uptime | incidents | maintenance | list | unfollow | help]"
_SHORTCUTS = (
    ("Follow a status page", "global", "follow", "Choose a service, a channel and what you want to be told."),
    ("Ask uptimus", "message", "ask", "Ask for a service's status, uptime or incidents, also inside of a thread."),
    ("Ask uptimus", "global", "ask_globally", "Ask for a service's status, uptime or incidents from anywhere."),
)
"""Name, type, callback id, description. Slash commands don't work in threads: these do."""


def manifest(
    address: str | None, *, socket: bool, many: bool, unfurl: Sequence[str] = (), extra: Sequence[str] = ()
) -> dict[str, Any]:
    """`address`: ours, without a slash at its end; only Socket Mode for a single workspace does without. many: for
    any number of workspaces, which install it from us. unfurl: the domains whose links get a preview. extra:
    scopes to ask for besides."""
    requests = None if socket else f"{address}/slack/events"
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "uptimus",
            "description": "Status, uptime and incidents of the services you depend on",
            "long_description": _LONG,
            "background_color": "#1f2937",
        },
        "features": _features(requests, unfurl),
        "oauth_config": _oauth(f"{address}/slack/oauth_redirect" if many else None, unfurl, extra),
        "settings": {
            "event_subscriptions": _url("request_url", requests)
            | {"bot_events": [*scopes.EVENTS, *([scopes.UNFURL_EVENT] if unfurl else [])]},
            "interactivity": {"is_enabled": True}
            | _url("request_url", requests)
            | _url("message_menu_options_url", requests),
            "org_deploy_enabled": many,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": many,
        },
    }


def _features(requests: str | None, unfurl: Sequence[str]) -> dict[str, Any]:
    command = {
        "command": "/uptimus",
        "description": "Status and uptime of the services you follow",
        "usage_hint": _HINT,
        "should_escape": True,
    }
    features: dict[str, Any] = {
        # the messages tab, so that people can be told in a direct message; nobody reads what they write there
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "uptimus", "always_online": True},
        "shortcuts": [
            {"name": name, "type": type_, "callback_id": id_, "description": description}
            for name, type_, id_, description in _SHORTCUTS
        ],
        "slash_commands": [command | _url("url", requests)],
    }
    return features | ({"unfurl_domains": list(unfurl)} if unfurl else {})


def _oauth(redirect: str | None, unfurl: Sequence[str], extra: Sequence[str]) -> dict[str, Any]:
    asked = [*scopes.BASE, *(scopes.UNFURL if unfurl else ()), *extra]
    return ({"redirect_urls": [redirect]} if redirect else {}) | {"scopes": {"bot": list(dict.fromkeys(asked))}}


def _url(name: str, url: str | None) -> dict[str, str]:
    return {name: url} if url is not None else {}
