"""The requests that a person's doing in the stand-in Slack becomes: who, where, and what is chosen there."""

from standins.slack_channel import Answer, Message
from standins.slack_elements import elements_of, initial_state, with_ids
from standins.slack_responses import Interaction
from standins.slack_state import Json
from standins.slack_view import View
from standins.slack_views import Views
from standins.slack_workspace import Workspace

Place = Message | Answer | View


class Payloads(Views):
    """What all requests of interactivity have in common."""

    def _begin_at(self, workspace: Workspace, user: str, place: Place) -> Interaction:
        if isinstance(place, View):
            return self._begin(workspace, user, place.channel, view=place)
        return self._begin(workspace, user, place.channel, source=place)

    def _payload(self, kind: str, workspace: Workspace, begun: Interaction) -> Json:
        person = workspace.user(begun.user)
        user = {"id": person.id, "username": person.name, "name": person.name, "team_id": workspace.id}
        about = self._about(workspace)
        if about["is_enterprise_install"] and begun.source is None:
            about["team"] = None  # so it is with org-wide installations, says bolt's extract_team_id
        return about | {"type": kind, "user": user, "trigger_id": begun.trigger_id}

    def _where(self, place: Place, begun: Interaction) -> Json:
        """`container`, and `view` or `channel`, `response_url` and `message`, which an ephemeral one has not."""
        workspace = self.workspaces[place.team]
        if isinstance(place, View):
            container = {"type": "view", "view_id": place.id}
            return {"container": container, "view": place.as_slack(self.app_id, workspace.bot_id)}
        ephemeral = isinstance(place, Answer)
        container = {"type": "message", "message_ts": place.ts, "channel_id": place.channel}
        if place.thread_ts:
            container["thread_ts"] = place.thread_ts
        room = workspace.room(place.channel)
        name = "privategroup" if room and room.private else room.name if room else "directmessage"
        where: Json = {
            "container": container | {"is_ephemeral": ephemeral},
            "channel": {"id": place.channel, "name": name},
            "response_url": self._response_url_of(begun),
        }
        return where if isinstance(place, Answer) else where | {"message": self._message(workspace, place)}

    def _message(self, workspace: Workspace, message: Message) -> Json:
        about: Json = {"type": "message", "text": message.text, "ts": message.ts, "team": workspace.id}
        if message.user == "uptimus":
            bot = self._install_of(workspace).bot_user
            about |= {"user": bot, "bot_id": workspace.bot_id, "app_id": self.app_id}
        else:
            about["user"] = message.user
        if message.blocks:
            about["blocks"] = with_ids(message.blocks)
        if message.thread_ts:
            about |= {"thread_ts": message.thread_ts, "parent_user_id": about["user"]}
        return about


def id_of(place: Place) -> str:
    """A view by its id, a message by its ts."""
    return place.id if isinstance(place, View) else place.ts


def blocks_of(place: Place) -> list[Json]:
    """Its blocks, each with its id."""
    return place.blocks if isinstance(place, View) else with_ids(place.blocks)


def values_of(place: Place) -> dict[str, dict[str, Json]]:
    """What is chosen and typed in everything that has a state."""
    if isinstance(place, View):
        return place.values
    values: dict[str, dict[str, Json]] = {}
    for block, element in elements_of(blocks_of(place)):
        if (state := initial_state(element)) is not None:
            id, action = block["block_id"], element["action_id"]
            values.setdefault(id, {})[action] = place.values.get(id, {}).get(action, state)
    return values


def find(place: Place, name: str, value: str | None, *, by_block: bool = False) -> tuple[Json, Json]:
    """The one element of this action_id (`by_block`: or in this block), or of this value among several."""
    everything = list(elements_of(blocks_of(place)))
    found = [
        (block, element)
        for block, element in everything
        if element["action_id"] == name or (by_block and block["block_id"] == name)
    ]
    if len(found) > 1 and value is not None:
        found = [(block, element) for block, element in found if element.get("value") == value]
    if len(found) != 1:
        there = [(element["action_id"], element.get("value")) for _, element in everything]
        raise AssertionError(f"{len(found)} × {name} ({value}) among {there}")
    return found[0]
