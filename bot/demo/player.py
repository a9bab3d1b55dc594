"""Plays a scenario on a DemoPage."""

import asyncio
from functools import partial
from itertools import pairwise

from bot.demo.scenario import Scenario
from bot.demo.server import DemoPage

LONGEST_GAP = 600.0
LEAD_IN = 120.0
DEFAULT_SPEED = 50.0
"""Scenario seconds in a second: the login outage lasts about a minute."""


async def play(page: DemoPage, *, speed: float = DEFAULT_SPEED, finished: asyncio.Event | None = None) -> None:
    """Puts up one step after the other, `speed` scenario seconds in each second, gaps of more than ten minutes
    shortened to ten. Before the first there is a calm time of two minutes.

    However high the speed, a step stays up until it has been read whole: none is ever lost. `finished` is set, and
    the call returns, when the last one has been.
    """
    for step, gap in enumerate(gaps(page.scenario), 1):
        await asyncio.sleep(gap / speed)
        await page.read_whole(then=partial(page.show, step))
    await page.read_whole()
    if finished is not None:
        finished.set()


def gaps(scenario: Scenario) -> list[float]:
    """Scenario seconds before each step, as they are played."""
    times = [step.at for step in scenario.steps]
    between = ((later - earlier).total_seconds() for earlier, later in pairwise(times))
    return [LEAD_IN, *(min(gap, LONGEST_GAP) for gap in between)]
