"""A long story for a status page: many incidents, one after the other and side by side, with edits."""

from datetime import UTC, datetime, timedelta

from bot.demo.scenario import Scenario

PHASES = ("investigating", "identified", "monitoring", "resolved")


def long_story(incidents: int) -> Scenario:
    """`incidents` incidents of four updates each, of today; two of them are always under way."""
    begins = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=8 * incidents)
    order = [(number, phase) for number in range(incidents) for phase in range(len(PHASES))]
    order.sort(key=lambda step: (step[0] * 2 + step[1], step[0]))
    steps = [
        {
            "at": begins + timedelta(minutes=minute),
            "subject": f"{number:012d}",
            "title": f"Trouble number {number}",
            "impact": "major",
            "names": ["app000000001"],
            "update": {
                "id": f"{number:06d}{phase:06d}",
                "phase": PHASES[phase],
                "body": f"Incident {number}, post {phase}.",
            },
        }
        for minute, (number, phase) in enumerate(order)
    ]
    return Scenario.model_validate(
        {
            "page": {"id": "abcdefghijkl", "name": "ChargeOver", "url": "https://status.example.com"},
            "components": [{"id": "app000000001", "name": "Main Application"}],
            "steps": steps,
        }
    )
