"""deliveries: what was sent, what failed and why, try by try."""

import re
from collections.abc import Sequence
from datetime import timedelta

from bot.commands import destinations
from bot.commands.destinations import seen_by
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, counted, shown_moment
from storage import deliveries, follows
from storage.deliveries import Listed
from storage.tables import Attempt

STATES = ("pending", "delivered", "dead", "held")
MOST, MOST_IN_CHAT = 200, 25
MOST_SHOWN = 2000
"""Characters of an answer that are shown to people; the JSON has all that is kept."""


def numbered(text: str) -> tuple[int, int] | None:
    """(thread, sequence) of a delivery's name, `12.3`; None: it is none."""
    named = re.fullmatch(r"(\d{1,18})\.(\d{1,9})", text.strip())
    return (int(named[1]), int(named[2])) if named is not None else None


async def list_(services: Services, request: Request) -> Reply:
    """The newest of all, of one state (`text`), or to one destination (`to`)."""
    state = request.text or None
    if state is not None and state not in STATES:
        raise CommandError(f"{state[:40]!r} is not a state; they are {', '.join(STATES)}")
    most = MOST if request.workspace == LOCAL else MOST_IN_CHAT
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        to = (await destinations.known(session, request, request.to)).id if request.to else None
        rows = (
            await deliveries.listed(session, workspace_id, state, most, destination_id=to)
            if workspace_id is not None
            else []
        )
    more = " (the newest)" if len(rows) == most else ""
    return Reply(
        text=f"{_counted(len(rows))}{more}.",
        sections=(Section(rows=tuple(_row(request, row) for row in rows)),) if rows else (),
        data={"deliveries": [_json(request, row) for row in rows]},
    )


async def show(services: Services, request: Request) -> Reply:
    """One delivery (`text`) with its attempts. Raises CommandError, also for one of another workspace."""
    place = numbered(request.text)
    if place is None:
        raise CommandError("Which delivery? Name it as `deliveries` does, as in: 12.3")
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        row = await deliveries.one(session, workspace_id, *place) if workspace_id is not None else None
        if row is None:
            raise CommandError(f"There is no delivery {request.text.strip()}")
        tries = await deliveries.attempts_of(session, *place)
    data = {
        "delivery": _json(request, row),
        "attempts": [_try_json(row, tries, number) for number in range(len(tries))],
    }
    shown = [_try(row, tries, number) for number in range(len(tries))]
    return Reply(text=_said(request, row), sections=tuple(shown), data=data)


def _said(request: Request, row: Listed) -> str:
    parts = (
        f"Delivery {row.name}: {row.type} of {row.provider} to {seen_by(request, row.destination)}, {row.state}"
    )
    more = f", next try at {shown_moment(row.due_at)}" if row.state == "pending" and row.due_at else ""
    return f"{parts}{more}; {counted(row.attempts, 'attempt')}."


def _counted(number: int) -> str:
    return "1 delivery" if number == 1 else f"{number} deliveries"


def _try(row: Listed, tries: Sequence[Attempt], place: int) -> Section:
    one = tries[place]
    detail = [_outcome(one), f"{one.duration_ms} ms", then(row, tries, place)]
    answer = _plain(one.answer)
    cut = f"{answer[:MOST_SHOWN]} …" if len(answer) > MOST_SHOWN else answer
    title = f"{'replay' if one.replay else 'attempt'} {one.number}"
    return Section(rows=(Row(title=title, detail="  ".join(filter(None, detail)), at=one.at),), note=cut)


def _plain(answer: str) -> str:
    """Without what a terminal would take for commands."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in answer
    ).strip()


def _outcome(one: Attempt) -> str:
    answered = (
        f", answered {one.status}" if one.status is not None and str(one.status) not in (one.reason or "") else ""
    )
    return f"{one.outcome}{answered}{f': {one.reason}' if one.reason else ''}"


def then(row: Listed, tries: Sequence[Attempt], place: int) -> str:
    """Why an attempt was, will be or won't be followed by another."""
    one, last = tries[place], place == len(tries) - 1
    if one.outcome == "delivered":
        return ""
    if one.outcome == "refused":
        return "no further try: the destination was disabled"
    if one.retry_in is not None and last and row.state == "pending" and row.due_at is not None:
        return f"next try at {shown_moment(row.due_at)}"
    if one.retry_in is not None:
        return f"to be tried again {one.retry_in} s later"
    if one.replay and last:
        return "no further try: it was a replay"
    return "no further try: given up" if last and row.state == "dead" else ""


def _try_json(row: Listed, tries: Sequence[Attempt], place: int) -> dict[str, object]:
    one = tries[place]
    again = shown_moment(one.at + timedelta(seconds=one.retry_in)) if one.retry_in is not None else None
    return {
        "number": one.number,
        "at": shown_moment(one.at),
        "duration_ms": one.duration_ms,
        "outcome": one.outcome,
        "replay": one.replay,
        "status": one.status,
        "reason": one.reason,
        "answer": one.answer,
        "retry_in": one.retry_in,
        "retry_at": again,
        "then": then(row, tries, place) or None,
    }


def _row(request: Request, row: Listed) -> Row:
    parts = [row.state, row.provider, row.type, f"→ {seen_by(request, row.destination)}"]
    parts += [counted(row.attempts, "attempt")] if row.attempts != 1 else []
    parts += [row.reason] if row.reason and row.state != "delivered" else []
    parts += [f"next try {shown_moment(row.due_at)}"] if row.state == "pending" and row.due_at else []
    return Row(title=row.name, detail="  ".join(parts), at=row.finished_at or row.seen_at)


def _json(request: Request, row: Listed) -> dict[str, object]:
    return {
        "delivery": row.name,
        "state": row.state,
        "destination": seen_by(request, row.destination),
        "provider": row.provider,
        "type": row.type,
        "event_id": row.event_id,
        "seen_at": shown_moment(row.seen_at),
        "finished_at": shown_moment(row.finished_at),
        "next_try_at": shown_moment(row.due_at) if row.state == "pending" else None,
        "attempts": row.attempts,
        "reason": row.reason,
    }
