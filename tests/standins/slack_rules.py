"""What Slack refuses about a message's form, and what we ourselves never want to send.

Three judges: a table of our own (always), slack_sdk's models (always), and the schema made from @slack/types
beside the repository (`../shared/specs`, when it is there).
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from slack_sdk.models.blocks import Block

SPECS = Path(__file__).parents[3] / "shared" / "specs" / "slack"

MOST_BLOCKS = 50
MOST_CHARACTERS = 13_000
"""Of a message's blocks in all: what `msg_blocks_too_long` has been seen at."""
LENGTHS = {
    ("section", "text"): 3000,
    ("section", "fields"): 2000,
    ("header", "text"): 150,
    ("context", "elements"): 3000,
    ("button", "text"): 75,
    ("option", "text"): 75,
}
COUNTS = {("section", "fields"): 10, ("context", "elements"): 10, ("actions", "elements"): 25}
STRINGS = {"block_id": 255, "action_id": 255, "alt_text": 2000, "image_url": 3000, "url": 3000}

_PING = re.compile(r"<(?:!(?:channel|here|everyone|subteam)|@)[^>]*>?")
_NAMES = re.compile(r"@(?:channel|here|everyone)\b", re.IGNORECASE)
_CONTROL = re.compile(
    r"<(?:https?://[^\s<>|]+(?:\|[^<>|]+)?|mailto:[^\s<>|]+(?:\|[^<>|]+)?|!date\^\d+\^[^<>|]+\|[^<>|]+)>"
)
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_DATE = re.compile(r"<!date\^\d+\^([^<>|^]+)")
_DATE_TOKENS = re.compile(
    r"\{(?:date(?:_num|_slash|_long|_short)?(?:_pretty|_full)?|time(?:_secs)?|ago|day_divider_pretty)\}"
)


def message_faults(message: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(what Slack answers `invalid_blocks` to, what Slack would swallow and we don't want)."""
    blocks = message.get("blocks") or []
    refused = [*_block_faults(blocks), *_model_faults(blocks), *_schema_faults(message)]
    unwanted = [*_text_faults("text", message.get("text")), *_mrkdwn_faults(blocks)]
    return refused, unwanted


def _block_faults(blocks: list[dict[str, Any]]) -> Iterator[str]:
    if len(blocks) > MOST_BLOCKS:
        yield f"{len(blocks)} blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "block_id twice"
    if (size := sum(len(text) for _, text, _ in texts_of(blocks))) > MOST_CHARACTERS:
        yield f"msg_blocks_too_long: {size} characters"
    for kind, node in _nodes(blocks):
        yield from _node_faults(kind, node)


def _node_faults(kind: str, node: dict[str, Any]) -> Iterator[str]:
    for key, value in node.items():
        if (most := COUNTS.get((kind, key))) and len(value) > most:
            yield f"{kind}.{key}: {len(value)} of at most {most}"
        if (most := STRINGS.get(key)) and isinstance(value, str) and len(value) > most:
            yield f"{kind}.{key}: {len(value)} characters of at most {most}"
        for text in value if isinstance(value, list) else [value]:
            yield from _length_faults(kind, key, text)
    if kind == "header" and node.get("text", {}).get("type") != "plain_text":
        yield "header.text must be plain_text"


def _length_faults(kind: str, key: str, text: Any) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        return
    length, most = len(text.get("text", "")), LENGTHS.get((kind, key), 3000)
    if not 1 <= length <= most:
        yield f"{kind}.{key}: {length} characters, 1 to {most} allowed"


def _nodes(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in the blocks that has a type."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value["type"], value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def texts_of(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str, bool]]:
    """(kind, text, verbatim) of every text object."""
    for kind, node in _nodes(blocks):
        if kind in ("mrkdwn", "plain_text") and isinstance(node.get("text"), str):
            yield kind, node["text"], bool(node.get("verbatim"))


def _mrkdwn_faults(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for kind, text, verbatim in texts_of(blocks):
        if kind == "mrkdwn":
            yield from _text_faults("mrkdwn", text)
            if not verbatim:
                yield f"mrkdwn that is not verbatim: {text[:60]!r}"
        elif _PING.search(text) or _NAMES.search(text):
            yield f"a mention in plain_text: {text[:60]!r}"


def _text_faults(where: str, text: Any) -> Iterator[str]:
    """Escaping: nothing pings, every `<`, `>` and `&` is one of ours."""
    if not isinstance(text, str) or not text.strip():
        yield f"{where} is missing: notifications and screen readers have nothing to read"
        return
    if _PING.search(text) or _NAMES.search(text):
        yield f"{where} pings: {text[:80]!r}"
    bare = _ENTITY.sub("", _CONTROL.sub("", text))
    if found := re.search(r"[<>&]", bare):
        yield f"{where} has a raw {found[0]!r}: {bare[max(0, found.start() - 30) : found.end() + 30]!r}"
    for tokens in _DATE.findall(text):
        if "{" in _DATE_TOKENS.sub("", tokens) or not _DATE_TOKENS.search(tokens):
            yield f"{where} has an unknown date token: {tokens!r}"
    if where == "text" and len(text) > 4000:
        yield f"text of {len(text)} characters, 4,000 recommended"


def _model_faults(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        try:
            parsed = Block.parse(block)
            if parsed is None:
                yield f"unknown block {block.get('type')!r}"
            else:
                parsed.validate_json()
        except Exception as error:  # the models raise several kinds
            yield f"slack_sdk: {error}"


def _schema_faults(message: dict[str, Any]) -> Iterator[str]:
    validator = _post_schema()
    if validator is None:
        return
    known = {key: value for key, value in message.items() if key in ("text", "blocks")}
    for error in validator.iter_errors({"channel": "C1", "text": "", **known}):
        best = jsonschema.exceptions.best_match(error.context or [error]) or error
        yield f"Post.schema.json: {best.json_path} {best.message[:200]}"


@cache
def _post_schema() -> jsonschema.Draft7Validator | None:
    path = SPECS / "Post.schema.json"
    return jsonschema.Draft7Validator(json.loads(path.read_text())) if path.exists() else None


ARGUMENTS = {
    "auth.test": "",
    "apps.connections.open": "",
    "chat.postMessage": "channel text blocks attachments metadata thread_ts reply_broadcast unfurl_links"
    " unfurl_media mrkdwn parse link_names markdown_text username icon_emoji icon_url",
    "chat.update": "channel ts text blocks attachments metadata reply_broadcast parse link_names"
    " markdown_text file_ids",
    "chat.postEphemeral": "channel user text blocks attachments thread_ts parse link_names markdown_text"
    " username icon_emoji icon_url metadata",
    "conversations.info": "channel include_locale include_num_members",
}
REQUIRED = {
    "chat.postMessage": ("channel",),
    "chat.update": ("channel", "ts"),
    "chat.postEphemeral": ("channel", "user"),
    "conversations.info": ("channel",),
}
SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.postEphemeral": "chat:write",
    "conversations.info": "channels:read",
    "apps.connections.open": "connections:write",
}
PER_MINUTE = {"chat.update": 50, "conversations.info": 50, "chat.postEphemeral": 100, "auth.test": 600}

UNLISTED = frozenset(
    {"internal_error", "fatal_error", "invalid_auth", "account_inactive", "app_uninstalled", "thread_not_found"}
    | {"invalid_arguments", "msg_too_long", "is_archived", "is_inactive", "team_not_found", "restricted_action"}
    | {"invalid_metadata_format", "external_channel_migrating", "posting_to_channel_denied"}
)
"""Answers that Slack gives although the method's own page does not list them."""


def arguments(method: str) -> frozenset[str]:
    """The argument names that the method knows: from the reference when it is there."""
    reference = _reference(method)
    return frozenset(reference["args"]) if reference else frozenset(ARGUMENTS[method].split())


def is_answer(method: str, error: str) -> bool:
    """Whether the method can answer this error at all."""
    reference = _reference(method)
    return reference is None or error in reference["errors"] or error in UNLISTED


@cache
def _reference(method: str) -> dict[str, Any] | None:
    path = SPECS / "api-ref" / "methods" / method.partition(".")[0] / f"{method}.json"
    return json.loads(path.read_text()) if path.exists() else None
