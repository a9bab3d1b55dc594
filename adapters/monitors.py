"""What the checks of a page that only watches say of its provider as a whole."""

from collections.abc import Iterable

from adapters.compose import worst
from adapters.schema import Component, Status


def overall(components: Iterable[Component]) -> Status:
    """The worst of them, but where one check of several fails that is a partial outage, as such pages show it.

    What is unknown counts for nothing; `unknown` where there is nothing else.
    """
    told = [one.status for one in components if one.status != Status.UNKNOWN]
    found = worst(told)
    all_down = set(told) == {Status.MAJOR_OUTAGE}
    return Status.PARTIAL_OUTAGE if found == Status.MAJOR_OUTAGE and not all_down else found
