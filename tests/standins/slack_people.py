"""What people do with buttons, menus and shortcuts in the stand-in Slack."""

from typing import Any

from standins.slack_channel import Message
from standins.slack_element_rules import options_faults
from standins.slack_elements import chosen_state, options_of, pick
from standins.slack_modals import Modals
from standins.slack_payloads import Place, find, id_of, values_of
from standins.slack_responses import Interaction
from standins.slack_state import Json
from standins.slack_view import View


class People(Modals):
    """Each raises OperationTimeoutError without an acknowledgement in 3 s, AssertionError for the impossible."""

    # buttons and menus

    async def press(
        self,
        place: Place,
        action_id: str,
        *,
        user: str | None = None,
        value: str | None = None,
        selected: Any = None,
    ) -> Interaction:
        """Somebody presses a button, or chooses in a menu: what comes of it.

        `value` tells buttons of the same action_id apart, or is what is typed. `selected`: an option by its value
        (or itself), a list of them, an id, a date.
        """
        workspace = self.workspaces[place.team]
        user = user or (place.user if not isinstance(place, Message) else "U1")
        block, element = find(place, action_id, value)
        begun = self._begin_at(workspace, user, place)
        action = self._action(place, block, element, value, selected)
        payload = self._payload("block_actions", workspace, begun) | self._where(place, begun)
        payload["actions"] = [action | {"action_ts": self._ts()}]
        payload["state"] = {"values": values_of(place)}
        await self._hand_over("interactive", payload, f"press {action_id}")
        return begun

    def _action(self, place: Place, block: Json, element: Json, value: Any, selected: Any) -> Json:
        ids = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"]}
        if element["type"] == "button":
            about = {key: element[key] for key in ("text", "value", "style") if key in element}
            return ids | about
        if element["type"] == "overflow":
            return ids | {"selected_option": pick(options_of(element), selected)}
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise AssertionError(f"{element['action_id']} tells the app nothing before it is submitted")
        offered = self._offered.get((id_of(place), element["action_id"]), [])
        state = chosen_state(element, value if selected is None else selected, offered)
        if isinstance(place, View):
            place.values[block["block_id"]][element["action_id"]] = state
        else:
            place.values.setdefault(block["block_id"], {})[element["action_id"]] = state
        return ids | state

    async def suggest(self, place: Place, action_id: str, text: str, *, user: str | None = None) -> list[Json]:
        """Somebody types into an external menu: the options that it shows, from the app.

        Below min_query_length (3 unless the menu says otherwise) Slack asks nobody, and nothing is shown.
        """
        workspace = self.workspaces[place.team]
        user = user or (place.user if not isinstance(place, Message) else "U1")
        block, element = find(place, action_id, None)
        if "external" not in element["type"]:
            raise AssertionError(f"{action_id} is a {element['type']}, its options don't come from the app")
        if len(text) < element.get("min_query_length", 3):
            return []
        begun = self._begin_at(workspace, user, place)
        payload = self._payload("block_suggestion", workspace, begun) | self._where(place, begun)
        for name in ("trigger_id", "response_url"):
            payload.pop(name, None)
        asked = {"action_id": action_id, "block_id": block["block_id"], "value": text}
        answer = await self._hand_over("interactive", payload | asked, f"suggest {action_id}")
        options = self._checked_options(answer, action_id)
        self._offered[id_of(place), action_id] = options
        return options

    def _checked_options(self, answer: Json, action_id: str) -> list[Json]:
        """What it shows; a list that Slack would not show is a violation and shows nothing."""
        if isinstance(answer.get("options"), list) == ("option_groups" in answer):
            self._violation(f"suggest {action_id}: acknowledged without options: {answer}")
            return []
        options = options_of(answer)
        faults = list(options_faults(options, "external_select", 0))
        for fault in faults:
            self._violation(f"suggest {action_id}: {fault}")
        return [] if faults else options

    # shortcuts

    async def shortcut(
        self, callback_id: str, *, user: str = "U1", team: str = "T1", message: Message | None = None
    ) -> Interaction:
        """Somebody uses a shortcut: a global one, or one of a message (in a thread too)."""
        workspace = self.workspaces[message.team if message else team]
        begun = self._begin(workspace, user, message.channel if message else "", source=message)
        payload = self._payload("shortcut" if message is None else "message_action", workspace, begun)
        payload |= {"callback_id": callback_id, "action_ts": self._ts()}
        if message is not None:
            where = self._where(message, begun)
            payload |= {name: where[name] for name in ("channel", "message", "response_url")}
            payload["message_ts"] = message.ts
            payload["team"] = payload["team"] or {"id": workspace.id, "domain": workspace.domain}
        await self._hand_over("interactive", payload, f"shortcut {callback_id}")
        return begun
