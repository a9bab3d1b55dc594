"""How a Reply looks in a terminal: colours where there are any, plain text where there are none."""

from rich.console import Console
from rich.text import Text

from bot.commands.reply import DayCell, Reply, Row, Section
from relay.transports.console import COLOURS

CELLS = {
    "operational": ("█", "green"),
    "degraded": ("▆", "yellow"),
    "outage": ("▂", "red"),
    "maintenance": ("▅", "blue"),
    "unknown": ("·", "bright_black"),
}
"""Each state has a height of its own: colour alone says nothing to some readers."""


def show(reply: Reply, console: Console) -> None:
    """Prints an answer."""
    console.print(Text(reply.text, style="bold"))
    for section in reply.sections:
        _show_section(section, console)


def _show_section(section: Section, console: Console) -> None:
    if section.heading:
        console.print(Text(f"\n{section.heading}", style="bold"))
    width = max((len(row.title) for row in section.rows), default=0)
    for row in section.rows:
        console.print(_row(row, min(width, 44)), soft_wrap=True)
    if section.days:
        console.print(_cells(section.days), soft_wrap=True)
        console.print(_legend())
    if section.note:
        console.print(Text(section.note), soft_wrap=True)


def _row(row: Row, width: int) -> Text:
    line = Text("  ")
    if row.status is not None:
        line.append("● ", style=COLOURS[row.status])
    line.append(row.title.ljust(width))
    if row.status is not None and row.status.replace("_", " ") not in row.detail:
        line.append(f"  {row.status.replace('_', ' ')}", style=COLOURS[row.status])
    if row.detail:
        line.append(f"  {row.detail}", style="" if row.status else "bright_black")
    for apart in (row.place, row.who):
        if apart is not None:
            line.append(f"  {apart}", style="bright_black")
    if row.at is not None:
        line.append(f"  {row.at.astimezone():%Y-%m-%d %H:%M %Z}", style="bright_black")
    return line


def _cells(days: tuple[DayCell, ...]) -> Text:
    line = Text("  ")
    for day in days:
        cell, colour = CELLS[day.state]
        line.append(cell, style=colour)
    return line


def _legend() -> Text:
    legend = Text("  ")
    for state, (cell, colour) in CELLS.items():
        legend.append(cell, style=colour)
        legend.append(f" {state}  ", style="bright_black")
    return legend
