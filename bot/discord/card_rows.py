"""The buttons below a card after one was pressed: only what can be pressed differs. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from relay.transports.discord_embeds import buttons
from relay.transports.discord_text import BUTTON, label

Component = dict[str, Any]
_BUTTON, _SECONDARY, _LINK = 2, 2, 5


def with_mute(rows: Sequence[Component], *, muted: bool) -> list[Component]:
    """The button says what it would do now."""
    old, new, text = ("mute", "unmute", "Unmute") if muted else ("unmute", "mute", "Mute here")
    return _changed(rows, lambda action, id, _: _button(new, id, text) if action == old else None)


def with_follow(rows: Sequence[Component], follow_id: str, provider: str) -> list[Component]:
    """After unfollowing: nothing is left to mute, and there is a way back."""
    again = _button("follow", follow_id, label(f"Follow {provider} again", BUTTON))
    turned = {"mute": {}, "unmute": {}, "unfollow": again}
    return _changed(rows, lambda action, *_: turned.get(action))


def without_follow(rows: Sequence[Component]) -> list[Component]:
    """Where it isn't known what the buttons would stand for."""
    return _changed(rows, lambda action, *_: {} if action == "follow" else None)


def renewed(
    rows: Sequence[Component], thread_id: str, follow_id: int, muted: bool, provider: str
) -> list[Component]:
    """The buttons of a follow that came back."""
    url = next((part.get("url") for part in _parts(rows) if part.get("style") == _LINK), None)
    return buttons(int(thread_id), follow_id, muted, provider=provider, url=url)


def thread_id(rows: Sequence[Component]) -> str | None:
    """Of the thread that the message stands for."""
    ids = (_named(part) for part in _parts(rows))
    return next((id for action, id in ids if action == "details"), None)


def _changed(
    rows: Sequence[Component], turn: Callable[[str, str, Component], Component | None]
) -> list[Component]:
    """The rows with some buttons turned into others ({}: taken away; None: as it is)."""
    out = []
    for row in rows:
        turned = [turn(*_named(part), part) for part in row.get("components", ())]
        kept = [new if new is not None else old for new, old in zip(turned, row["components"], strict=True)]
        if parts := [part for part in kept if part]:
            out.append({"type": 1, "components": parts})
    return out


def _parts(rows: Sequence[Component]) -> Iterator[Component]:
    return (part for row in rows for part in row.get("components", ()))


def _named(part: Component) -> tuple[str, str]:
    """(what a press does, to what)."""
    _, _, rest = str(part.get("custom_id") or "").partition("uptimus:")
    action, _, id = rest.partition(":")
    return action, id


def _button(action: str, id: str, text: str) -> Component:
    return {"type": _BUTTON, "style": _SECONDARY, "label": text, "custom_id": f"uptimus:{action}:{id}"}
