"""A group of commands whose module is only imported when one of them is used."""

from collections.abc import Callable
from typing import Any

import click


class LazyGroup(click.Group):
    """Stands for the group that `load` brings."""

    def __init__(self, name: str, load: Callable[[], click.Group], **given: Any) -> None:
        super().__init__(name, **given)
        self._load = load

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the group that it stands for."""
        return self._load().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of the group that it stands for."""
        return self._load().get_command(ctx, cmd_name)
