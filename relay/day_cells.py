"""Days as a chat can show them: a square each, and in words what the squares say. Pure."""

from collections import Counter

from relay.bulletin import DayCell

CELLS = {"operational": "🟩", "degraded": "🟨", "outage": "🟥", "maintenance": "🟦", "unknown": "⬜"}
CELLS_A_LINE = 30


def in_squares(days: tuple[DayCell, ...]) -> str:
    """Squares, thirty a line, oldest first; then a line that says in words what they say."""
    squares = [CELLS.get(day.state, CELLS["unknown"]) for day in days]
    lines = ["".join(squares[i : i + CELLS_A_LINE]) for i in range(0, len(squares), CELLS_A_LINE)]
    return "\n".join((*lines, f"{days[0].day:%-d %b %Y} to {days[-1].day:%-d %b %Y}: {_legend(days)}"))


def _legend(days: tuple[DayCell, ...]) -> str:
    counted = Counter(day.state if day.state in CELLS else "unknown" for day in days)
    return " · ".join(f"{CELLS[state]} {_days(counted[state])} {state}" for state in CELLS if counted[state])


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
