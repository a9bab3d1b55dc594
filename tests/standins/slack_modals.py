"""Filling in, submitting and closing modals in the stand-in Slack, and what the person sees then."""

from dataclasses import dataclass, field
from typing import Any

from standins.slack_elements import STATES, chosen_state, complaints, elements_of
from standins.slack_payloads import Payloads, find
from standins.slack_responses import Interaction
from standins.slack_state import Json, Refusal
from standins.slack_view import View
from standins.slack_views import MOST_STACKED
from standins.slack_workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass
class Submitted:
    """What the person sees after pressing the submit button. `view`: None once no modal is left."""

    view: View | None
    errors: dict[str, str] = field(default_factory=dict)
    """block_id → complaint; by Slack itself where `asked` is false."""
    asked: bool = True
    """Whether the app was asked at all."""
    interaction: Interaction | None = None


class Modals(Payloads):
    """Each raises OperationTimeoutError without an acknowledgement in 3 s, AssertionError for the impossible."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._offered: dict[tuple[str, str], list[Json]] = {}
        """What each external menu showed last, by its place and action_id."""

    async def submit(
        self, view: View, values: dict[str, Any] | None = None, *, user: str | None = None
    ) -> Submitted:
        """Somebody fills in (by block_id or action_id) and submits a modal: what they see then.

        What Slack itself complains about (an empty required input, a text too long) never reaches the app.
        """
        workspace = self.workspaces[view.team]
        self._check_in_front(view)
        if "submit" not in view.payload:
            raise AssertionError("there is no submit button")
        self.fill(view, values or {})
        if found := complaints(view.blocks, view.values):
            view.errors = found
            return Submitted(view, found, asked=False)
        begun = self._begin_at(workspace, user or view.user, view)
        payload = self._payload("view_submission", workspace, begun)
        payload["view"] = view.as_slack(self.app_id, workspace.bot_id)
        payload["response_urls"] = self._submitted_urls(view, begun)
        answer = await self._hand_over("interactive", payload, f"submit {view.callback_id}")
        return self._submitted(workspace, view, begun, answer)

    def fill(self, view: View, values: dict[str, Any]) -> None:
        """Somebody types and chooses, without submitting."""
        for name, choice in values.items():
            block, element = find(view, name, None, by_block=True)
            offered = self._offered.get((view.id, element["action_id"]), [])
            state = chosen_state(element, choice, offered)
            view.values[block["block_id"]][element["action_id"]] = state

    def _submitted(self, workspace: Workspace, view: View, begun: Interaction, answer: Json) -> Submitted:
        stack = self._stacks[view.team, view.user]
        view.errors = {}
        match answer.get("response_action"):
            case None if not answer:
                self._close_one(view)
            case "clear":
                self._drop(view.team, view.user)
            case "errors":
                view.errors = self._checked_errors(view, answer.get("errors"))
            case "update":
                self._respond(workspace, begun, view, answer.get("view"))
            case "push" if len(stack) < MOST_STACKED:
                self._respond(workspace, begun, None, answer.get("view"))
            case _:
                self._violation(f"submit {view.callback_id}: acknowledged with {answer}")
                view.errors = {"": TROUBLE}
        self._changed()
        return Submitted(self.modal(view.user, view.team), view.errors, interaction=begun)

    def _respond(self, workspace: Workspace, begun: Interaction, view: View | None, payload: Any) -> None:
        """Updates the view, or pushes one. A fault in it shows nothing but trouble: Slack tells nobody which."""
        try:
            checked = self._checked_view(workspace, payload, "modal", "response_action", view)
        except Refusal:
            if begun.view is not None:
                begun.view.errors = {"": TROUBLE}
            return
        if view is not None:
            view.show(checked, self._new_hash())
        else:
            self._put(workspace, begun, checked)

    def _checked_errors(self, view: View, errors: Any) -> dict[str, str]:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or errors.keys() - inputs:
            self._violation(f"submit {view.callback_id}: errors of {errors}, the inputs are {sorted(inputs)}")
            return {"": TROUBLE}
        return {str(id): str(complaint) for id, complaint in errors.items()}

    def _submitted_urls(self, view: View, begun: Interaction) -> list[Json]:
        """For menus of conversations that ask for a way to answer there."""
        urls = []
        for block, element in elements_of(view.blocks):
            if element.get("response_url_enabled"):
                chosen = view.values[block["block_id"]][element["action_id"]][STATES[element["type"]][0]]
                there = Interaction(view.team, chosen, begun.user, self._now(), "", self.until)
                ids = {"block_id": block["block_id"], "action_id": element["action_id"], "channel_id": chosen}
                urls.append(ids | {"response_url": self._response_url_of(there)})
        return urls

    async def close(self, view: View, *, clear: bool = False) -> None:
        """Somebody closes a modal (`clear`: all that lie on one another); the app hears of it where it asked."""
        self._check_in_front(view)
        workspace = self.workspaces[view.team]
        begun = self._begin_at(workspace, view.user, view)
        closed = self._drop(view.team, view.user) if clear else [view]
        if not clear:
            self._close_one(view)
        for one in reversed(closed):
            if one.payload.get("notify_on_close"):
                payload = self._payload("view_closed", workspace, begun) | {"is_cleared": clear}
                payload.pop("trigger_id")
                payload["view"] = one.as_slack(self.app_id, workspace.bot_id)
                await self._hand_over("interactive", payload, f"close {one.callback_id}")

    def _close_one(self, view: View) -> None:
        view.open = False
        if view.payload.get("clear_on_close"):
            self._drop(view.team, view.user)
        elif view in (stack := self._stacks[view.team, view.user]):
            stack.remove(view)

    def _check_in_front(self, view: View) -> None:
        if self.modal(view.user, view.team) is not view:
            raise AssertionError(f"{view.title!r} is not what the person has in front of them")
