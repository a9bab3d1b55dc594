"""A modal or a home tab of the stand-in Slack, as the person has it in front of them."""

from dataclasses import dataclass, field
from typing import Any

from standins.slack_channel import readable, shown
from standins.slack_elements import elements_of, initial_state

Json = dict[str, Any]


@dataclass
class View:
    """`payload`: what the app sent last, with the ids Slack filled in. `values`: block_id → action_id → state."""

    id: str
    team: str
    user: str
    payload: Json
    hash: str
    root_id: str = ""
    previous_id: str | None = None
    values: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """Below which block which complaint stands."""
    open: bool = True
    channel: str = ""
    """Where the person was when it opened."""
    revisions: list[Json] = field(default_factory=list)
    """What it was before, the oldest first."""

    @property
    def kind(self) -> str:
        """`modal` or `home`."""
        return str(self.payload["type"])

    @property
    def title(self) -> str:
        """What stands on top of a modal."""
        return str(self.payload.get("title", {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        """The app's own name of it."""
        return str(self.payload.get("callback_id", ""))

    @property
    def private_metadata(self) -> str:
        """What the app wrote on its back."""
        return str(self.payload.get("private_metadata", ""))

    @property
    def external_id(self) -> str:
        """The app's own id of it."""
        return str(self.payload.get("external_id", ""))

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, each with its id."""
        blocks: list[Json] = self.payload["blocks"]
        return blocks

    @property
    def shown(self) -> str:
        """What a person reads in it, complaints included."""
        lines = [f"【{self.title}】"] if self.title else []
        lines += [shown("", [block]) for block in self.blocks]
        lines += [f"⚠ {readable(complaint)}" for complaint in self.errors.values()]
        buttons = [self.payload[name]["text"] for name in ("close", "submit") if name in self.payload]
        return "\n".join([*lines, *([" ".join(f"[{button}]" for button in buttons)] if buttons else [])])

    def as_slack(self, app_id: str, bot_id: str) -> Json:
        """As answers and requests carry it."""
        empty = {"callback_id": "", "private_metadata": "", "external_id": "", "title": None, "submit": None}
        about = {"id": self.id, "team_id": self.team, "app_id": app_id, "bot_id": bot_id, "hash": self.hash}
        flags = {"close": None, "clear_on_close": False, "notify_on_close": False}
        place = {"root_view_id": self.root_id, "previous_view_id": self.previous_id}
        state = {"state": {"values": self.values}, "app_installed_team_id": self.team}
        return empty | flags | self.payload | about | place | state

    def show(self, payload: Json, hash: str) -> None:
        """The app changed it: what was typed stays where block_id and action_id stay."""
        if self.payload is not payload:
            self.revisions.append(self.payload)
        before = self.values
        self.payload, self.hash, self.errors, self.values = payload, hash, {}, {}
        for block, element in elements_of(payload["blocks"]):
            if (state := initial_state(element)) is not None:
                id, action = block["block_id"], element["action_id"]
                kept = before.get(id, {}).get(action)
                same = kept is not None and kept["type"] == state["type"]
                self.values.setdefault(id, {})[action] = kept if same and kept else state
