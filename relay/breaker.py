"""When a destination fails so often that it is better left alone for a while. Pure: time is a value."""

from collections import OrderedDict, deque

WINDOW = 300.0
"""Seconds whose tries are looked at."""
LEAST = 10
"""Fewer tries than that prove nothing."""
SHARE = 0.7
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 600.0
STEP = 10.0
"""Tries are counted by stretches of so many seconds."""
MOST_WINDOWS = 20_000


def pause(pauses: int) -> float:
    """Seconds of the next pause, after so many running that ended in a failed try."""
    return min(FIRST_PAUSE * 2.0 ** min(pauses, 30), LONGEST_PAUSE)


class Window:
    """The tries at one destination in the last minutes."""

    def __init__(self) -> None:
        self._stretches: deque[tuple[int, int, int]] = deque()
        """Each with its number, the tries in it, and how many of them failed."""

    def note(self, failed: bool, now: float) -> None:
        """One more try."""
        number = int(now // STEP)
        tries, failures = 0, 0
        if self._stretches and self._stretches[-1][0] == number:
            _, tries, failures = self._stretches.pop()
        self._stretches.append((number, tries + 1, failures + failed))

    def is_bad(self, now: float) -> bool:
        """At least 70 % of at least 10 tries failed."""
        oldest = int((now - WINDOW) // STEP)
        while self._stretches and self._stretches[0][0] <= oldest:
            self._stretches.popleft()
        tries = sum(one[1] for one in self._stretches)
        return tries >= LEAST and sum(one[2] for one in self._stretches) >= SHARE * tries


class Breakers:
    """A window for each destination that something was lately sent to."""

    def __init__(self) -> None:
        self._windows: OrderedDict[int, Window] = OrderedDict()

    def note(self, destination_id: int, *, failed: bool, now: float) -> bool:
        """One more try; True: it was one failure too many. Then the counting starts anew."""
        window = self._windows.get(destination_id)
        if window is None:
            window = self._windows[destination_id] = Window()
            if len(self._windows) > MOST_WINDOWS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(destination_id)
        window.note(failed, now)
        if not (failed and window.is_bad(now)):
            return False
        self.forget(destination_id)
        return True

    def forget(self, destination_id: int) -> None:
        """It works again: what was before counts no more."""
        self._windows.pop(destination_id, None)
