"""The methods of the stand-in's Web API about modals and home tabs, and what each person has open."""

from collections import defaultdict
from typing import Any
from uuid import uuid4

from standins import slack_view_rules as rules
from standins.slack_elements import with_ids
from standins.slack_responses import TRIGGER_LIFE, Interaction, Responses
from standins.slack_state import Json, Refusal
from standins.slack_view import View
from standins.slack_workspace import Workspace

MOST_STACKED = 3


class Views(Responses):
    """Modals lie on a stack of three at most, per person; a home tab is there once per person."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._stacks: defaultdict[tuple[str, str], list[View]] = defaultdict(list)

    def modal(self, user: str = "U1", team: str = "T1") -> View | None:
        """The modal that the person has in front of them."""
        stack = self._stacks[team, user]
        return stack[-1] if stack else None

    def home(self, user: str = "U1", team: str = "T1") -> View | None:
        """The person's home tab, once it was published."""
        return self.workspaces[team].homes.get(user)

    # the methods

    def _open_view(self, workspace: Workspace, arguments: Json) -> Json:
        begun = self._trigger(workspace, arguments["trigger_id"])
        payload = self._checked_view(workspace, arguments["view"], "modal", "views.open")
        begun.exchanged = True
        self._drop(workspace.id, begun.user)
        return self._shown(workspace, self._put(workspace, begun, payload))

    def _push_view(self, workspace: Workspace, arguments: Json) -> Json:
        begun = self._trigger(workspace, arguments["trigger_id"])
        stack = self._stacks[workspace.id, begun.user]
        if begun.view is None or begun.view not in stack:
            # a trigger from outside of a modal: seen in slackapi/python-slack-sdk#804
            raise Refusal("invalid_arguments", response_metadata={"messages": ["invalid `trigger_id`"]})
        payload = self._checked_view(workspace, arguments["view"], "modal", "views.push")
        if len(stack) >= MOST_STACKED:
            raise Refusal("push_limit_reached")
        begun.exchanged = True
        return self._shown(workspace, self._put(workspace, begun, payload))

    def _update_view(self, workspace: Workspace, arguments: Json) -> Json:
        if not arguments.get("view_id") and not arguments.get("external_id"):
            raise Refusal("invalid_arguments", response_metadata={"messages": ["missing `view_id`"]})
        view = next(
            (
                one
                for one in self._views_of(workspace)
                if one.id == arguments.get("view_id")
                or (one.external_id and one.external_id == arguments.get("external_id"))
            ),
            None,
        )
        if view is None:
            raise Refusal("not_found")
        payload = self._checked_view(workspace, arguments["view"], view.kind, "views.update", view)
        self._show(view, payload, arguments.get("hash"))
        return self._shown(workspace, view)

    def _publish_view(self, workspace: Workspace, arguments: Json) -> Json:
        if not workspace.home_tab:
            raise Refusal("not_enabled")
        if arguments["user_id"] not in workspace.users:
            raise Refusal("invalid_arguments", response_metadata={"messages": ["invalid `user_id`"]})
        home = workspace.homes.get(arguments["user_id"])
        payload = self._checked_view(workspace, arguments["view"], "home", "views.publish", home)
        if home is None:
            home = View(self._new_id("V"), workspace.id, arguments["user_id"], payload, "")
            home.root_id = home.id
            if arguments.get("hash"):
                raise Refusal("hash_conflict")
        self._show(home, payload, arguments.get("hash"))
        workspace.homes[home.user] = home
        return self._shown(workspace, home)

    # what they have in common

    def _trigger(self, workspace: Workspace, id: str) -> Interaction:
        begun = self._interactions.get(id)
        if begun is None or begun.team != workspace.id:
            raise Refusal("invalid_trigger_id")
        if begun.exchanged:
            raise Refusal("exchanged_trigger_id")
        if self._now() - begun.made_at > TRIGGER_LIFE:
            raise Refusal("expired_trigger_id")
        return begun

    def _views_of(self, workspace: Workspace) -> list[View]:
        stacked = [view for (team, _), stack in self._stacks.items() if team == workspace.id for view in stack]
        return [*stacked, *workspace.homes.values()]

    def _checked_view(
        self, workspace: Workspace, view: Any, kind: str, method: str, own: View | None = None
    ) -> Json:
        """The view with the ids that Slack fills in; Refusal for what it does not take."""
        if not isinstance(view, dict):
            raise Refusal("invalid_arguments", response_metadata={"messages": ["invalid `view`"]})
        refused, unwanted = rules.view_faults(view, kind, self.allow_mentions)
        for fault in (*refused, *unwanted):
            self._violation(f"{method}: {fault}")
        if refused:
            raise Refusal("invalid_arguments", response_metadata={"messages": refused})
        if rules.is_too_large(view):
            raise Refusal("view_too_large")
        external = view.get("external_id")
        if external and any(one.external_id == external for one in self._views_of(workspace) if one is not own):
            raise Refusal("duplicate_external_id")
        return view | {"blocks": with_ids(view["blocks"])}

    def _put(self, workspace: Workspace, begun: Interaction, payload: Json) -> View:
        """On top of what the person has open."""
        stack = self._stacks[workspace.id, begun.user]
        view = View(self._new_id("V"), workspace.id, begun.user, payload, "")
        view.root_id = stack[0].id if stack else view.id
        view.previous_id = stack[-1].id if stack else None
        view.channel = begun.channel
        view.show(payload, self._new_hash())
        stack.append(view)
        begun.views.append(view)
        return view

    def _show(self, view: View, payload: Json, hash: str | None) -> None:
        if hash and hash != view.hash:
            raise Refusal("hash_conflict")
        view.show(payload, self._new_hash())

    def _new_hash(self) -> str:
        return f"{int(self._now())}.{uuid4().hex[:8]}"

    def _drop(self, team: str, user: str) -> list[View]:
        """Everything that the person had open is closed."""
        dropped = self._stacks.pop((team, user), [])
        for view in dropped:
            view.open = False
        return dropped

    def _shown(self, workspace: Workspace, view: View) -> Json:
        return {"view": view.as_slack(self.app_id, workspace.bot_id)}
