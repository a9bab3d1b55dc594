"""What Slack refuses about a message's form, and what we ourselves never want to send.

Three judges: a table of our own (always), slack_sdk's models (always), and the schema made from @slack/types
beside the repository (`../shared/specs`, when it is there).
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from slack_sdk.models.blocks import Block
from standins.slack_element_rules import element_faults
from standins.slack_schema import SPECS, schema_faults

__all__ = ["SPECS", "block_faults", "message_faults", "model_faults", "mrkdwn_faults", "shape_faults"]

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
_PERSON = re.compile(r"<@[UW]\w+>")
_NAMES = re.compile(r"@(?:channel|here|everyone)\b", re.IGNORECASE)
_CONTROL = re.compile(
    r"<(?:https?://[^\s<>|]+(?:\|[^<>|]+)?|mailto:[^\s<>|]+(?:\|[^<>|]+)?|!date\^\d+\^[^<>|]+\|[^<>|]+"
    r"|#[CG]\w+(?:\|[^<>|]*)?)>"
)
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_DATE = re.compile(r"<!date\^\d+\^([^<>|^]+)")
_DATE_TOKENS = re.compile(
    r"\{(?:date(?:_num|_slash|_long|_short)?(?:_pretty|_full)?|time(?:_secs)?|ago|day_divider_pretty)\}"
)


def message_faults(message: dict[str, Any], allowed: Collection[str] = frozenset()) -> tuple[list[str], list[str]]:
    """(what Slack answers `invalid_blocks` to, what Slack would swallow and we don't want).

    `allowed`: mentions that are meant, each as it is written (`<@U7>`, `<!here>`).
    """
    blocks = message.get("blocks") or []
    known = {"channel": "C1", "text": message.get("text", ""), "blocks": blocks}
    refused = [*_block_faults(blocks), *model_faults(blocks), *schema_faults("Post", known)]
    unwanted = [*_text_faults("text", message.get("text"), allowed), *mrkdwn_faults(blocks, allowed)]
    return refused, unwanted


def block_faults(blocks: list[dict[str, Any]], allowed: Collection[str]) -> tuple[list[str], list[str]]:
    """The same of blocks that stand without a text, as in an unfurl."""
    refused = [*_block_faults(blocks), *model_faults(blocks)]
    return refused, list(mrkdwn_faults(blocks, allowed))


def _block_faults(blocks: list[dict[str, Any]]) -> Iterator[str]:
    if len(blocks) > MOST_BLOCKS:
        yield f"{len(blocks)} blocks"
    if (size := sum(len(text) for _, text, _ in texts_of(blocks))) > MOST_CHARACTERS:
        yield f"msg_blocks_too_long: {size} characters"
    yield from shape_faults(blocks)


def shape_faults(blocks: list[dict[str, Any]]) -> list[str]:
    """Lengths, counts, ids and elements, which are the same in a message and in a view."""
    try:
        return [*_shape_faults(blocks), *element_faults(blocks)]
    except (AttributeError, KeyError, TypeError) as error:
        return [f"something is not what it should be: {error!r}"]


def _shape_faults(blocks: list[dict[str, Any]]) -> Iterator[str]:
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(ids) != len(set(ids)):
        yield "block_id twice"
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
    yield from _object_faults(kind, node)


def _object_faults(kind: str, node: dict[str, Any]) -> Iterator[str]:
    """What Slack wants objects for; inside of text objects, `text` is the text itself."""
    parts = [node["text"]] if "text" in node and kind not in ("mrkdwn", "plain_text") else []
    parts += [*(node.get("elements") or ()), *(node.get("fields") or ())]
    if not all(isinstance(part, dict) for part in parts):
        yield f"{kind}: an object is missing"
    elif kind == "header" and node.get("text", {}).get("type") != "plain_text":
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


def mrkdwn_faults(blocks: list[dict[str, Any]], allowed: Collection[str], *, pings: bool = True) -> Iterator[str]:
    """Escaping in blocks. `pings`: false in a view, where a name calls nobody."""
    for kind, text, verbatim in texts_of(blocks):
        if kind == "mrkdwn":
            yield from _text_faults("mrkdwn", text if pings else _PERSON.sub("somebody", text), allowed, pings)
            if not verbatim:
                yield f"mrkdwn that is not verbatim: {text[:60]!r}"
        elif pings and _is_ping(_without(text, allowed)):
            yield f"a mention in plain_text: {text[:60]!r}"


def _text_faults(where: str, text: Any, allowed: Collection[str], pings: bool = True) -> Iterator[str]:
    """Escaping: nothing pings, every `<`, `>` and `&` is one of ours."""
    if not isinstance(text, str) or not text.strip():
        yield f"{where} is missing: notifications and screen readers have nothing to read"
        return
    text = _without(text, allowed)
    if pings and _is_ping(text):
        yield f"{where} pings: {text[:80]!r}"
    bare = _ENTITY.sub("", _CONTROL.sub("", text))
    if found := re.search(r"[<>&]", bare):
        yield f"{where} has a raw {found[0]!r}: {bare[max(0, found.start() - 30) : found.end() + 30]!r}"
    for tokens in _DATE.findall(text):
        if "{" in _DATE_TOKENS.sub("", tokens) or not _DATE_TOKENS.search(tokens):
            yield f"{where} has an unknown date token: {tokens!r}"
    if where == "text" and len(text) > 4000:
        yield f"text of {len(text)} characters, 4,000 recommended"


def _is_ping(text: str) -> bool:
    return bool(_PING.search(text) or _NAMES.search(text))


def _without(text: str, allowed: Collection[str]) -> str:
    for mention in allowed:
        text = text.replace(mention, "somebody")
    return text


def model_faults(blocks: list[dict[str, Any]]) -> Iterator[str]:
    """What slack_sdk's own models find."""
    for block in blocks:
        try:
            parsed = Block.parse(block)
            if parsed is None:
                yield f"unknown block {block.get('type')!r}"
            else:
                parsed.validate_json()
        except Exception as error:  # the models raise several kinds
            yield f"slack_sdk: {error}"
