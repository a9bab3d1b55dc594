"""What the checks of a page that mostly watches say of its provider as a whole."""

from collections.abc import Iterable

from adapters.compose import OF_IMPACT, worst
from adapters.schema import OVER, Component, Impact, Incident, Maintenance, MaintenancePhase, Status


def overall(
    components: Iterable[Component],
    incidents: Iterable[Incident] = (),
    maintenances: Iterable[Maintenance] = (),
) -> Status:
    """The worst of them, but where one check of several fails that is a partial outage, as such pages show it.

    What is unknown counts for nothing; `unknown` where there is nothing else.
    """
    told = [one.status for one in components if one.status != Status.UNKNOWN]
    found = worst(told)
    if found == Status.MAJOR_OUTAGE and set(told) != {Status.MAJOR_OUTAGE}:
        found = Status.PARTIAL_OUTAGE
    trouble = [one for one in incidents if one.phase not in OVER and one.impact != Impact.NONE]
    at_work = any(one.phase == MaintenancePhase.IN_PROGRESS for one in maintenances)
    return worst([found, Status.MAINTENANCE if at_work else found, *(OF_IMPACT[one.impact] for one in trouble)])
