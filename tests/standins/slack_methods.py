"""The methods of Slack's Web API that uptimus may call: arguments, scopes, limits, and what each can answer.

Names and errors come from the reference beside the repository (`../shared/specs`) where it is there, otherwise
from the tables here. Scopes and limits stand in no machine-readable reference: they are from Slack's pages.
"""

import json
from functools import cache
from typing import Any

from standins.slack_rules import SPECS

_MESSAGE = "channel text blocks attachments metadata parse link_names markdown_text"

ARGUMENTS = {
    "auth.test": "",
    "apps.connections.open": "",
    "chat.postMessage": f"{_MESSAGE} thread_ts reply_broadcast unfurl_links unfurl_media mrkdwn username"
    " icon_emoji icon_url",
    "chat.update": f"{_MESSAGE} ts reply_broadcast file_ids",
    "chat.postEphemeral": f"{_MESSAGE} user thread_ts username icon_emoji icon_url",
    "chat.unfurl": "channel ts unfurls user_auth_message user_auth_required user_auth_url user_auth_blocks"
    " unfurl_id source",
    "chat.getPermalink": "channel message_ts",
    "conversations.info": "channel include_locale include_num_members",
    "users.info": "user include_locale",
    "views.open": "trigger_id interactivity_pointer view",
    "views.push": "trigger_id interactivity_pointer view",
    "views.update": "view_id external_id view hash",
    "views.publish": "user_id view hash interactivity_pointer",
    "oauth.v2.access": "client_id client_secret code code_verifier redirect_uri grant_type refresh_token",
}
REQUIRED = {
    "chat.postMessage": ("channel",),
    "chat.update": ("channel", "ts"),
    "chat.postEphemeral": ("channel", "user"),
    "chat.getPermalink": ("channel", "message_ts"),
    "conversations.info": ("channel",),
    "users.info": ("user",),
    "views.open": ("trigger_id", "view"),
    "views.push": ("trigger_id", "view"),
    "views.update": ("view",),
    "views.publish": ("user_id", "view"),
}
SCOPES = {
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.unfurl": ("links:write",),
    "conversations.info": ("channels:read", "groups:read", "mpim:read", "im:read"),
    "users.info": ("users:read",),
    "apps.connections.open": ("connections:write",),
}
"""One of these is enough. What a particular channel needs, the method itself looks at."""
PER_MINUTE = {
    "chat.update": 50,
    "chat.unfurl": 50,
    "conversations.info": 50,
    "auth.test": 600,
    "chat.getPermalink": 600,
    "oauth.v2.access": 600,
}
"""Calls a minute and workspace; 100 where nothing else is said (tier 4)."""
FORM_ONLY = frozenset({"chat.getPermalink", "conversations.info", "users.info", "oauth.v2.access"})
"""Methods that don't read a JSON body."""

UNLISTED = frozenset(
    {"internal_error", "fatal_error", "invalid_auth", "account_inactive", "app_uninstalled", "thread_not_found"}
    | {"invalid_arguments", "msg_too_long", "is_archived", "is_inactive", "team_not_found", "restricted_action"}
    | {"invalid_metadata_format", "external_channel_migrating", "posting_to_channel_denied", "code_already_used"}
)
"""Answers that Slack gives although the method's own page does not list them."""


def arguments(method: str) -> frozenset[str]:
    """The argument names that the method knows: from the reference when it is there.

    `team_id` too, with which an organization's token says which workspace it means: bolt sends it everywhere.
    """
    reference = _reference(method)
    return frozenset(reference["args"] if reference else ARGUMENTS[method].split()) | {"team_id"}


def is_answer(method: str, error: str) -> bool:
    """Whether the method can answer this error at all."""
    reference = _reference(method)
    return reference is None or error in reference["errors"] or error in UNLISTED


@cache
def _reference(method: str) -> dict[str, Any] | None:
    path = SPECS / "api-ref" / "methods" / method.partition(".")[0] / f"{method}.json"
    return json.loads(path.read_text()) if path.exists() else None
