"""The dialog in which somebody asks where no slash command works: in a thread, or anywhere. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack import inputs
from bot.slack.inputs import Block, View, asked, option, some_of

ASK = "ask"
LONGEST = 500
_POST = option("post", "Show the answer in the thread, too", "Answers to status, uptime, incidents and the like")


@dataclass(frozen=True)
class Asked:
    """What was asked. `channel` and `thread` are where, if it was a message's shortcut."""

    words: str = ""
    post: bool = False
    channel: str | None = None
    thread: str | None = None


def ask_view(where: Asked) -> View:
    """One line of words, as behind /uptimus."""
    words: Block = {
        "type": "plain_text_input",
        "max_length": LONGEST,
        "focus_on_load": True,
        "placeholder": inputs.plain("status chargeover", 150),
    }
    words |= {"initial_value": where.words} if where.words else {}
    hint = "As after /uptimus: status, uptime chargeover, incidents chargeover, search payments, help …"
    blocks = [asked("words", "What would you like to know?", words, hint=hint)]
    if where.thread:
        blocks.append(
            asked("post", "Who sees the answer", some_of([_POST], ["post"] if where.post else []), optional=True)
        )
    metadata = json.dumps({"channel": where.channel, "thread": where.thread})
    return inputs.modal(ASK, "Ask uptimus", blocks, submit="Ask", close="Cancel", metadata=metadata)


def asked_of(view: Mapping[str, Any]) -> Asked:
    """What was asked in the dialog."""
    about, answers = json.loads(view.get("private_metadata") or "{}"), inputs.answers(view)
    return Asked(
        words=str(answers.get("words") or "").strip(),
        post="post" in inputs.values_of(answers.get("post")),
        channel=about.get("channel"),
        thread=about.get("thread"),
    )
