"""What each of Slack's refusals leads to. Pure.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from typing import Any

from slack_sdk.errors import SlackApiError

from relay.transports.transport import DeliveryError

HOUR = 3600.0

GONE = frozenset({"message_not_found", "thread_not_found"})
"""The first message was deleted."""
UNCHANGEABLE = frozenset(
    {"cant_update_message", "edit_window_closed", "is_inactive", "update_failed", "block_mismatch"}
    | {"no_dual_broadcast_content_update", "cant_broadcast_message", "streaming_state_conflict"}
)
"""A message stays as it is; what comes below it is told all the same."""
MALFORMED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
    | {"invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large"}
)
"""Our own mistake: told once more as plain text."""
EXPIRED = frozenset({"token_expired"})
"""Another token may be had."""
WAIT = frozenset({"ratelimited", "rate_limited"})
DEAD = frozenset(
    {"account_inactive", "app_uninstalled", "invalid_auth", "not_authed", "team_not_found"}
    | {"token_expired", "token_revoked"}
)
"""Nothing can be told anywhere in the workspace until uptimus is installed there again."""

_INVITE = "type /invite @uptimus in the channel, then follow again"
_ADMIN = "ask a workspace admin, then follow again"
_INSTALL = "install uptimus in the workspace again"
_CHOOSE = "follow from another channel"

_PERMANENT = {
    "not_in_channel": f"uptimus is not in the channel: {_INVITE}",
    "is_archived": "the channel is archived: unarchive it or choose another, then follow again",
    "restricted_action": f"the workspace lets only some people post in the channel: {_ADMIN}",
    "restricted_action_read_only_channel": f"the channel is read-only: {_CHOOSE}",
    "restricted_action_thread_only_channel": f"the channel takes replies in threads only: {_CHOOSE}",
    "restricted_action_non_threadable_channel": f"the channel takes no threads: {_CHOOSE}",
    "restricted_action_thread_locked": "the thread is locked: unlock it, then follow again",
    "cannot_reply_to_message": f"the first message takes no replies: {_CHOOSE}",
    "posting_to_channel_denied": f"uptimus may not post in the channel: {_ADMIN}",
    "access_denied": f"uptimus may not use this workspace: {_ADMIN}",
    "accesslimited": f"uptimus's access to the workspace is limited: {_ADMIN}",
    "app_access_restricted": f"the workspace restricts uptimus: {_ADMIN}",
    "ekm_access_denied": f"the workspace's encryption keys are withheld from apps: {_ADMIN}",
    "enterprise_is_restricted": f"the organisation restricts apps: {_ADMIN}",
    "no_permission": f"uptimus lacks a permission in the workspace: {_ADMIN}",
    "team_not_found": f"Slack does not know the workspace: {_INSTALL}",
    "messages_tab_disabled": f"uptimus takes no direct messages: {_CHOOSE}",
    "is_bot": f"the address is a bot's: {_CHOOSE}",
    "two_factor_setup_required": f"the workspace wants two-factor authentication: {_ADMIN}",
    "account_inactive": f"uptimus was removed from the workspace: {_INSTALL}",
    "app_uninstalled": f"uptimus was removed from the workspace: {_INSTALL}",
    "token_revoked": f"uptimus's token was revoked: {_INSTALL}",
    "token_expired": f"uptimus's token has expired: {_INSTALL}",
    "invalid_auth": f"Slack does not accept uptimus's token: {_INSTALL}",
    "not_authed": f"uptimus has no token for the workspace: {_INSTALL}",
    "not_allowed_token_type": "SLACK_BOT_TOKEN must be a bot token (xoxb-…)",
}
_LONG_WAIT = {
    "team_added_to_org": "the workspace is moving into an organisation",
    "org_login_required": "the workspace is moving into an organisation",
    "external_channel_migrating": "the channel is moving to another workspace",
}
_HIDDEN = f"the channel is gone, or private without uptimus: {_INVITE}"


class RefusedError(DeliveryError):
    """Slack said no; `error` is its word for it."""

    def __init__(self, error: str, reason: str, **more: Any) -> None:
        super().__init__(reason, **more)
        self.error = error


def refused(error: SlackApiError, attempt: int) -> RefusedError:
    """The refusal as deliver understands it. Never the token or the request, only Slack's word and ours."""
    status, word, data = _answer(error)
    known = {"status": status, "answer": word}
    if status == 429 or word in WAIT:
        return RefusedError(
            word, "Slack asks to slow down", retry_after=_retry_after(error), uncounted=True, **known
        )
    if word == "channel_not_found":
        # a private channel that uptimus was just thrown out of looks the same as one that is gone
        waits = {"permanent": True} if attempt >= 3 else {"retry_after": 8 * HOUR}
        return RefusedError(word, _said(word, _HIDDEN), **waits, **known)
    if word == "missing_scope":
        return RefusedError(word, _said(word, _scopes(data)), permanent=True, **known)
    if word in _PERMANENT:
        return RefusedError(word, _said(word, _PERMANENT[word]), permanent=True, everywhere=word in DEAD, **known)
    if word in _LONG_WAIT:
        return RefusedError(word, _said(word, _LONG_WAIT[word]), retry_after=4 * HOUR, **known)
    return RefusedError(word, f"Slack refused ({word})" if word else f"Slack answered {status}", **known)


def unsure(error: Exception) -> DeliveryError:
    """Slack was not reached or did not answer: nobody knows whether the message arrived."""
    what = "Slack did not answer in time" if isinstance(error, TimeoutError) else "Slack could not be reached"
    return DeliveryError(f"{what} ({type(error).__name__})")


def _said(word: str, reason: str) -> str:
    return f"Slack: {reason} ({word})"


def _scopes(data: dict[str, Any]) -> str:
    needed, provided = data.get("needed", "?"), data.get("provided", "?")
    return f"the app lacks the scope {needed} (it has {provided}): add it and install the app again"


def _answer(error: SlackApiError) -> tuple[int | None, str, dict[str, Any]]:
    """HTTP status, Slack's word, the whole answer. The SDK hands out three kinds of responses here."""
    response: Any = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    data = response if isinstance(response, dict) else getattr(response, "data", None)
    data = data if isinstance(data, dict) else {}
    return status, str(data.get("error", ""))[:100], data


def _retry_after(error: SlackApiError) -> float:
    headers: Any = getattr(error.response, "headers", None) or {}
    try:
        return min(max(float(headers.get("Retry-After", 1)), 0.1), HOUR)
    except ValueError:
        return 1.0
