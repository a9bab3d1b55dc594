"""What the stand-in Slack shows, as a page for people to judge: a message, a channel with its threads, a view.

html = channel_page(slack.channel("C1"))
await picture(html, tmp_path / "channel.png", width=1200)
"""

import asyncio
import re
import subprocess
import tempfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from standins.slack_channel import Answer, Channel, Message
from standins.slack_picture_blocks import blocks_html
from standins.slack_picture_text import mrkdwn_html, plain_html
from standins.slack_view import View

CHROMIUM = Path("/usr/bin/chromium")
_CSS = Path(__file__).with_suffix(".css")
_MEASURE = "<script>document.documentElement.dataset.height = document.documentElement.scrollHeight</script>"
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

Json = dict[str, Any]


class PictureError(RuntimeError):
    """There is no Chromium here, or it did not draw."""


# pages


def message_page(*messages: Message | Answer) -> str:
    """Messages below one another."""
    return _page("".join(_message(message) for message in messages))


def channel_page(channel: Channel, *answers: Answer) -> str:
    """The channel on the left, with what one person alone sees (`answers`); each thread beside it."""
    shown: list[Message | Answer] = sorted([*channel.messages, *answers], key=lambda one: float(one.ts or 0))
    top = [one for one in shown if not one.thread_ts or (isinstance(one, Message) and one.broadcast)]
    panes = [_pane(f"# {channel.name}", "".join(_in_channel(channel, one) for one in top))]
    for root in channel.roots:
        if replies := channel.replies(root):
            count = f'<div class="count">{len(replies)} {"reply" if len(replies) == 1 else "replies"}</div>'
            panes.append(_pane("Thread", _message(root) + count + "".join(_message(one) for one in replies)))
    return _page(f'<div class="columns">{"".join(panes)}</div>')


def modal_page(view: View | Json) -> str:
    """A modal, as the app sends it or as a person has it open."""
    payload, inside = _inside(view)
    buttons = "".join(
        f'<span class="button{" primary" if name == "submit" else ""}">{plain_html(payload[name]["text"])}</span>'
        for name in ("close", "submit")
        if payload.get(name)
    )
    title = plain_html(payload["title"]["text"])
    bottom = f'<div class="bottom">{buttons}</div>' if buttons else ""
    top = f'<div class="top"><span>{title}</span><span>✕</span></div>'
    return _page(f'<div class="modal">{top}<div class="inside">{inside}</div>{bottom}</div>')


def home_page(view: View | Json) -> str:
    """A home tab."""
    tabs = '<div class="tabs"><b>Home</b><span>Messages</span><span>About</span></div>'
    return _page(f'<div class="home">{tabs}{_inside(view)[1]}</div>')


def _inside(view: View | Json) -> tuple[Json, str]:
    if isinstance(view, View):
        return view.payload, blocks_html(view.blocks, view.values, view.errors)
    return view, blocks_html(view["blocks"])


def _page(inside: str) -> str:
    return f'<!doctype html><html><meta charset="utf-8"><style>{_CSS.read_text()}</style><body>{inside}{_MEASURE}'


def _pane(title: str, inside: str) -> str:
    return f'<div class="pane"><div class="top">{escape(title)}</div>{inside}</div>'


# messages


def _in_channel(channel: Channel, message: Message | Answer) -> str:
    """With what a channel adds: how many replies there are, or which thread a reply was sent from."""
    replies = channel.replies(message) if isinstance(message, Message) and not message.thread_ts else []
    if replies:
        words = "1 reply" if len(replies) == 1 else f"{len(replies)} replies"
        return _message(
            message, f'<div class="replies">{words} <span>Last reply at {_time(replies[-1])}</span></div>'
        )
    root = channel.find(message.thread_ts) if message.thread_ts else None
    if root is not None:
        return _message(message, before=f"replied to a thread: <a>{escape(root.text[:80])}</a>")
    return _message(message)


def _message(message: Message | Answer, after: str = "", before: str = "") -> str:
    name = message.user if isinstance(message, Message) else "uptimus"
    ours = name == "uptimus"
    notes = ["Only visible to you"] if isinstance(message, Answer) and message.ephemeral else []
    notes += [before] if before else []
    notes += (
        ["Also sent to the channel"] if isinstance(message, Message) and message.broadcast and not before else []
    )
    badge = '<span class="app">APP</span>' if ours else " "
    edited = ' <span class="edited">(edited)</span>' if message.edits else ""
    inside = blocks_html(message.blocks, message.values) if message.blocks else mrkdwn_html(message.text)
    unfurls = [one["blocks"] for one in message.unfurls.values()] if isinstance(message, Message) else []
    previews = "".join(f"<div class=unfurl>{blocks_html(blocks)}</div>" for blocks in unfurls)
    return (
        f'<div class="message"><div class="avatar{"" if ours else " person"}">{escape(name[:1].upper())}</div>'
        f'<div class="body">{"".join(f"<div class=note>{note}</div>" for note in notes)}'
        f'<span class="name">{escape(name)}</span>{badge}<span class="time">{_time(message)}</span>'
        f"<div>{inside}{edited}</div>"
        f"{previews}{after}</div></div>"
    )


def _time(message: Message | Answer) -> str:
    return f"{datetime.fromtimestamp(float(message.ts), UTC):%H:%M}" if message.ts else ""


# pictures


async def picture(html: str, path: Path, width: int = 900) -> Path:
    """A screenshot of the whole page, as PNG. Raises PictureError without Chromium."""
    return await asyncio.to_thread(_draw, html, path, width)


def _draw(html: str, path: Path, width: int) -> Path:
    if not CHROMIUM.exists():
        raise PictureError(f"{CHROMIUM} is not here")
    with tempfile.TemporaryDirectory(prefix="slack-picture-", ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        page.write_text(html)
        measured = _chromium(folder, page, f"--window-size={width},200", "--dump-dom")
        found = re.search(r'data-height="(\d+)"', measured)
        height = int(found[1]) if found else 1000
        _chromium(folder, page, f"--window-size={width},{height}", f"--screenshot={path.absolute()}")
    if not path.exists():
        raise PictureError("nothing was drawn")
    return path


def _chromium(folder: str, page: Path, *options: str) -> str:
    command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={folder}/profile", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.stdout.decode(errors="replace")
