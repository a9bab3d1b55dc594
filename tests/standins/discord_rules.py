"""What Discord demands of a message beyond the shape of it, and what it takes though nobody should send it.

developers/resources/message ("Embed Limits", "Allowed Mentions") of Discord's documentation. `message_faults` is
what is refused (50035), `message_violations` what is not.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from standins.discord_component_rules import component_faults
from standins.discord_errors import Fault

Json = dict[str, Any]
MOST_CONTENT, MOST_EMBEDS, MOST_OF_EMBEDS = 2000, 10, 6000
SUPPRESS_EMBEDS, EPHEMERAL, SILENT, V2 = 1 << 2, 1 << 6, 1 << 12, 1 << 15
_LENGTHS: Final = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}
_ADDRESSES: Final = ("url", "footer.icon_url", "author.url", "author.icon_url", "image.url", "thumbnail.url")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+\.?[^\s<>\"]*", re.IGNORECASE)
_KEYS: Final = """content embeds allowed_mentions components flags attachments message_reference nonce
enforce_nonce tts poll sticker_ids username avatar_url thread_name applied_tags"""
_EMBED_KEYS: Final = """type title description url timestamp color footer image thumbnail author fields flags
provider video"""
_MENTIONS: Final = {
    "users": re.compile(r"<@!?(\d+)>"),
    "roles": re.compile(r"<@&(\d+)>"),
    "everyone": re.compile(r"@(everyone|here)\b"),
}


def message_faults(body: Json, flags: int) -> Iterator[Fault]:
    """Why Discord refuses a message. `flags`: those that it would have."""
    if shapeless := list(_shape_faults(body)):
        yield from shapeless
        return
    if len(body.get("content") or "") > MOST_CONTENT:
        yield Fault("content", f"Must be {MOST_CONTENT} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    if flags & V2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(name):
                yield Fault(
                    name, "Not with IS_COMPONENTS_V2", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
                )
    embeds = body.get("embeds") or []
    if len(embeds) > MOST_EMBEDS:
        yield Fault("embeds", f"Must be {MOST_EMBEDS} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for number, embed in enumerate(embeds):
        yield from embed_faults(embed, f"embeds.{number}")
    if sum(map(embed_length, embeds)) > MOST_OF_EMBEDS:
        yield Fault("embeds", f"Embed size exceeds maximum size of {MOST_OF_EMBEDS}", "MAX_EMBED_SIZE_EXCEEDED")
    yield from component_faults(body.get("components") or [], v2=bool(flags & V2))
    yield from _mention_faults(body.get("allowed_mentions"))
    nonce = body.get("nonce")
    if isinstance(nonce, str) and len(nonce) > 25:
        yield Fault("nonce", "Must be 25 or fewer in length.", "NONCE_TYPE_TOO_LONG")


def embed_faults(embed: Json, path: str) -> Iterator[Fault]:
    """Why Discord refuses an embed."""
    for name, most in _LENGTHS.items():
        if len(str(_within(embed, name) or "")) > most:
            yield Fault(f"{path}.{name}", f"Must be {most} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for name in _ADDRESSES:
        address = _within(embed, name)
        sent = name not in ("url", "author.url") and str(address).startswith("attachment://")  # see file_faults
        if address and not sent and not _is_address(address):
            yield Fault(f"{path}.{name}", f"Not a well formed URL: {address!r}", "URL_TYPE_INVALID_URL")
    yield from _field_faults(embed.get("fields") or [], f"{path}.fields")
    colour = embed.get("color")
    if isinstance(colour, int) and not 0 <= colour <= 0xFFFFFF:
        yield Fault(f"{path}.color", "int value should be less than or equal to 16777215.", "NUMBER_TYPE_MAX")
    if embed.get("timestamp") and not _is_time(embed["timestamp"]):
        yield Fault(f"{path}.timestamp", f"{embed['timestamp']} is not a time", "DATE_TIME_TYPE_PARSE")
    if not _shows(embed):
        yield Fault(f"{path}.description", "This field is required", "BASE_TYPE_REQUIRED")


def _field_faults(fields: list[Json], path: str) -> Iterator[Fault]:
    if len(fields) > 25:
        yield Fault(path, "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for number, field in enumerate(fields):
        for name, most in {"name": 256, "value": 1024}.items():
            value = str(field.get(name) or "")
            if not value.strip():
                yield Fault(f"{path}.{number}.{name}", "This field is required", "BASE_TYPE_REQUIRED")
            if len(value) > most:
                text = f"Must be {most} or fewer in length."
                yield Fault(f"{path}.{number}.{name}", text, "BASE_TYPE_MAX_LENGTH")


def embed_length(embed: Json) -> int:
    """What counts of an embed to the 6,000 that all embeds of a message may have together."""
    fields = embed.get("fields") or []
    texts = [_within(embed, name) for name in _LENGTHS]
    texts += [field.get(name) for field in fields for name in ("name", "value")]
    return sum(len(str(text)) for text in texts if text)


def is_empty(body: Json) -> bool:
    """Whether a message has nothing to show (50006)."""
    shown = ("embeds", "components", "attachments", "sticker_ids", "poll")
    return not (body.get("content") or "").strip() and not any(body.get(name) for name in shown)


def pings(body: Json, *, webhook: bool = False) -> list[str]:
    """Whom a message pings: ids, and "everyone". Without allowed_mentions that is whoever it names.

    The text of embeds pings nobody. `webhook`: answers to interactions ping people alone unless told otherwise.
    """
    allowed = body.get("allowed_mentions")
    parse = ({"users"} if webhook else set(_MENTIONS)) if allowed is None else set(allowed.get("parse") or [])
    text = "\n".join(_texts(body))
    found: list[str] = []
    for kind, pattern in _MENTIONS.items():
        named = ["everyone"] if kind == "everyone" and pattern.search(text) else []
        named = named or ([] if kind == "everyone" else pattern.findall(text))
        explicit = set((allowed or {}).get(kind) or []) if kind != "everyone" else set()
        found += [one for one in named if kind in parse or one in explicit]
    return list(dict.fromkeys(found))


def message_violations(where: str, body: Json, pinged: Collection[str], allowed: Collection[str]) -> Iterator[str]:
    """What Discord takes, though nobody should send it."""
    if unwanted := set(pinged) - set(allowed):
        yield f"{where} pings {sorted(unwanted)}: {(body.get('content') or '')[:80]!r}"
    if "allowed_mentions" not in body and any(body.get(name) for name in ("content", "components")):
        yield f"{where} without allowed_mentions: whoever its text names is pinged"
    embeds = body.get("embeds") or []
    if unknown := {*body} - {*_KEYS.split()} | {key for one in embeds for key in one} - {*_EMBED_KEYS.split()}:
        yield f"{where} has {sorted(unknown)}, which Discord does not know"
    addresses = [embed["url"] for embed in embeds if embed.get("url")]
    if len(addresses) != len(set(addresses)):
        yield f"{where} has embeds with the same url, which are shown as one"
    if body.get("tts"):
        yield f"{where} is read aloud to everybody (tts)"


def _shape_faults(body: Json) -> Iterator[Fault]:
    if not isinstance(body.get("content") or "", str):
        yield Fault("content", "Could not interpret as string.", "STRING_TYPE_CONVERT")
    for name in ("embeds", "components", "attachments"):
        found = body.get(name) or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            yield Fault(name, "Only dictionaries may be used in a list", "MODEL_TYPE_CONVERT")


def file_faults(body: Any, files: Mapping[str, tuple[str, bytes]]) -> Iterator[Fault]:
    """What Discord refuses of files, and of what names them. (Those of an earlier message have long ids.)"""
    named = body.get("attachments") or [] if isinstance(body, dict) else []
    for number, one in enumerate(named):
        if len(str(one["id"])) < 15 and str(one["id"]) not in files:
            yield Fault(f"attachments.{number}", "no such file is sent", "BASE_TYPE_INVALID")
        if len(one.get("description") or "") > 1024:
            yield Fault(f"attachments.{number}.description", "1024 or fewer in length", "BASE_TYPE_MAX_LENGTH")
    known = {one.get("filename") for one in named}
    for number, embed in enumerate(body.get("embeds") or [] if isinstance(body, dict) else []):
        address = str((embed.get("image") or {}).get("url", ""))
        if address.startswith("attachment://") and address.removeprefix("attachment://") not in known:
            yield Fault(f"embeds.{number}.image.url", "names no file of this message", "BASE_TYPE_INVALID")


def _texts(body: Json) -> Iterator[str]:
    yield body.get("content") or ""
    waiting = list(body.get("components") or [])
    while waiting:
        part = waiting.pop()
        if part.get("type") == 10:
            yield str(part.get("content") or "")
        waiting += part.get("components") or []


def _mention_faults(allowed: Any) -> Iterator[Fault]:
    if not isinstance(allowed, dict):
        return
    parse = allowed.get("parse") or []
    for number, kind in enumerate(parse):
        if kind not in _MENTIONS:
            yield Fault(
                f"allowed_mentions.parse.{number}", f"{kind} is not one of {tuple(_MENTIONS)}", "ENUM_TYPE"
            )
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"
            yield Fault("allowed_mentions", f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.', code)
        if len(allowed.get(kind) or []) > 100:
            yield Fault(f"allowed_mentions.{kind}", "Must be 100 or fewer in length.", "BASE_TYPE_MAX_LENGTH")


def _within(embed: Json, name: str) -> Any:
    outer, _, inner = name.partition(".")
    found = embed.get(outer)
    return (found or {}).get(inner) if inner else found


def _shows(embed: Json) -> bool:
    names = ("title", "description", "fields", "image", "thumbnail", "footer", "author")
    return any(embed.get(name) for name in names)


def _is_address(address: Any) -> bool:
    return bool(isinstance(address, str) and len(address) <= 2048 and _ADDRESS.fullmatch(address))


def _is_time(time: Any) -> bool:
    try:
        datetime.fromisoformat(time)
    except (TypeError, ValueError):
        return False
    return True
