"""What an operator asks of Slack's workspaces."""

from datetime import UTC
from typing import Any

from adapters.schema import rfc3339
from bot.commands.reply import CommandError, Reply, Row, Section
from bot.commands.services import Services, counted
from bot.settings import Settings
from bot.slack import ways
from storage import audit, follows, workspaces
from storage.tables import SlackInstallation
from storage.workspaces import Known


async def list_workspaces(services: Services, settings: Settings) -> Reply:
    """Who has uptimus, since when, how much they follow; who had it, until when."""
    installs = []
    if settings.slack == "many":
        installs = list(await ways.installations(settings, services.database, services.vault).all())
    async with services.database.read() as session:
        known = await workspaces.known(session, "slack")
    by_team = {f"slack:{one.team_id}": one for one in installs if one.team_id is not None}
    organisations = {one.enterprise_id: one for one in installs if one.team_id is None}
    listed = [_Line(one, by_team.get(one.key) or organisations.get(one.enterprise_id)) for one in known]
    has = [line for line in listed if line.known.uninstalled_at is None]
    had = [line for line in listed if line.known.uninstalled_at is not None]
    sections = [
        Section(heading, tuple(line.row() for line in lines))
        for heading, lines in (("Installed", has), ("Removed", had))
        if lines
    ]
    if organisations:
        sections.append(
            Section("Whole organisations", tuple(_organisation(one) for one in organisations.values()))
        )
    return Reply(
        f"uptimus is in {counted(len(has), 'Slack workspace')}.",
        tuple(sections),
        data={"workspaces": [line.json() for line in listed]},
    )


async def open_to_all(services: Services, team: str) -> Reply:
    """Lets everyone in a workspace change what it follows, should those who may have gone."""
    key = f"slack:{team.strip().removeprefix('slack:').upper()}"
    async with services.database.write() as session:
        workspace_id = await follows.workspace_if_any(session, key)
        if workspace_id is None:
            raise CommandError(f"No workspace {key} is known; uptimus slack workspaces lists those that are")
        await follows.set_editors(session, workspace_id, "everyone", [])
        await audit.note(session, workspace_id, "terminal", "set", "who may change things here: everyone")
    return Reply(f"Everyone in {key} may change what it follows.", data={"workspace": key, "changes": "everyone"})


class _Line:
    """A workspace with the install that serves it, where that is kept."""

    def __init__(self, known: Known, install: SlackInstallation | None) -> None:
        self.known, self._install = known, install
        self._since = install.installed_at.replace(tzinfo=UTC) if install is not None else known.created_at

    def row(self) -> Row:
        """For people."""
        name = f"{self.known.name} ({self.known.key})" if self.known.name else self.known.key
        said = [counted(self.known.follows, "follow")]
        if self.known.editors != "everyone":
            said.append(f"changes: {self.known.editors}")
        if self.known.uninstalled_at is not None:
            return Row(name, detail=f"{', '.join(said)}, removed", at=self.known.uninstalled_at)
        since = f"installed by {self._install.user_id}" if self._install is not None else "known since"
        return Row(name, detail=f"{', '.join(said)}, {since}", at=self._since)

    def json(self) -> dict[str, Any]:
        """For programs."""
        gone = self.known.uninstalled_at
        return {
            "workspace": self.known.key,
            "name": self.known.name,
            "enterprise_id": self.known.enterprise_id,
            "since": rfc3339(self._since),
            "installed_by": self._install.user_id if self._install is not None else None,
            "uninstalled_at": rfc3339(gone) if gone is not None else None,
            "changes": self.known.editors,
            "follows": self.known.follows,
        }


def _organisation(install: SlackInstallation) -> Row:
    name = f"{install.enterprise_name or 'an organisation'} ({install.enterprise_id})"
    return Row(name, detail=f"installed by {install.user_id}", at=install.installed_at.replace(tzinfo=UTC))
