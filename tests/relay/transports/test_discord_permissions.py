"""Which permissions are left in a channel, and which tags fit a post."""

from typing import Any

import pytest
from standins.login_outage import MAIN, STORY, event, incident_event, maintenance

from adapters.schema import Status
from relay.events import EventType, StoredEvent
from relay.transports.discord_permissions import BITS, NEEDED, granted, lacking, missing
from relay.transports.discord_tags import Tag, chosen

VIEW, SEND, EMBED = BITS["View Channel"], BITS["Send Messages"], BITS["Embed Links"]
ME, EVERYONE, ROLE, OTHER = "1", "10", "11", "12"


def over(id: str, allow: int = 0, deny: int = 0) -> dict[str, Any]:
    return {"id": id, "type": 0, "allow": str(allow), "deny": str(deny)}


@pytest.mark.parametrize(
    ("everyone", "role", "overwrites", "found"),
    [
        (VIEW, SEND, [], VIEW | SEND),
        (VIEW, SEND, [over(EVERYONE, deny=VIEW | SEND)], 0),
        (VIEW, SEND, [over(EVERYONE, deny=SEND), over(ROLE, allow=SEND)], VIEW | SEND),
        (VIEW, SEND, [over(ROLE, deny=SEND), over(EVERYONE, allow=SEND)], VIEW),
        (VIEW, SEND, [over(ROLE, allow=SEND, deny=SEND)], VIEW | SEND),
        (VIEW, SEND, [over(OTHER, deny=VIEW)], VIEW | SEND),
        (VIEW, SEND, [over(ROLE, allow=EMBED), over(ME, deny=EMBED | VIEW)], SEND),
        (VIEW, SEND, [over(ROLE, deny=SEND), over(ME, allow=SEND)], VIEW | SEND),
    ],
)
def test_overwrites(everyone: int, role: int, overwrites: list[dict[str, Any]], found: int) -> None:
    roles = [{"id": EVERYONE, "permissions": str(everyone)}, {"id": ROLE, "permissions": str(role)}]
    roles.append({"id": OTHER, "permissions": str(NEEDED)})
    guild = {"id": EVERYONE, "owner_id": "99", "roles": roles}
    member = {"user": {"id": ME}, "roles": [ROLE]}
    assert granted(guild, member, {"permission_overwrites": overwrites}) == found
    assert granted({**guild, "owner_id": ME}, member, {"permission_overwrites": overwrites}) & NEEDED == NEEDED
    roles[1]["permissions"] = str(1 << 3)  # an administrator
    assert granted(guild, member, {"permission_overwrites": overwrites}) & NEEDED == NEEDED


@pytest.mark.parametrize(
    ("kind", "threads", "wanted"),
    [
        (0, True, NEEDED),
        (5, True, NEEDED),
        (0, False, NEEDED & ~BITS["Create Public Threads"] & ~BITS["Send Messages in Threads"]),
        (15, True, NEEDED & ~BITS["Create Public Threads"]),
        (15, False, NEEDED & ~BITS["Create Public Threads"]),
        (11, True, NEEDED & ~BITS["Create Public Threads"] & ~SEND),
        (2, False, VIEW | SEND | EMBED | BITS["Read Message History"]),
    ],
)
def test_what_each_kind_of_channel_needs(kind: int, threads: bool, wanted: int) -> None:
    assert missing(wanted, kind, threads=threads) == []
    for name, bit in BITS.items():
        assert missing(NEEDED & ~bit, kind, threads=threads) == ([name] if bit & wanted else [])


def test_the_invitation_asks_for_what_is_needed() -> None:
    assert NEEDED == 309237730304


def test_what_is_lacking_is_said_in_a_sentence() -> None:
    assert lacking(["A"], "#x").startswith("uptimus may not A in #x: give it that")
    assert lacking(["A", "B", "C"], "#x").startswith("uptimus may not A, B and C in #x: ")


def tags(*names: str) -> list[Tag]:
    """A name that ends in ! is for moderators alone."""
    return [Tag(name.strip("!"), name.strip("!"), name.endswith("!")) for name in names]


CANCELED = event(EventType.MAINTENANCE_CANCELED, maintenance=maintenance(phase="canceled"))
FIXED = event(EventType.COMPONENT_CHANGED, component=MAIN.model_copy(update={"status": Status.OPERATIONAL}))


@pytest.mark.parametrize(
    ("told", "known", "found"),
    [
        (STORY[0], tags("Investigating", "Major", "Minor"), ["Investigating", "Major"]),
        (STORY[0], tags("🔴 MAJOR OUTAGE", "🔍 investigating!"), ["🔴 MAJOR OUTAGE"]),
        (STORY[0], tags("Active", "Closed", "Outage"), ["Active", "Outage"]),
        (STORY[4], tags("Active", "Closed", "Incident", "ChargeOver"), ["Closed", "Incident", "ChargeOver"]),
        (STORY[5], tags("Postmortem", "Resolved"), ["Postmortem"]),
        (CANCELED, tags("Cancelled", "Maintenance"), ["Cancelled", "Maintenance"]),
        (
            event(EventType.MAINTENANCE_STARTED, maintenance=maintenance(phase="in_progress")),
            tags("In progress"),
            ["In progress"],
        ),
        (event(EventType.COMPONENT_CHANGED, component=MAIN), tags("major_outage", "x"), ["major_outage"]),
        (FIXED, tags("Fixed"), ["Fixed"]),
        (STORY[0], tags("x", "y"), []),
        (STORY[0], [], []),
        (event(EventType.TEST), tags("x"), []),
    ],
)
def test_tags_for_phase_and_impact(told: StoredEvent, known: list[Tag], found: list[str]) -> None:
    assert chosen(told, known, required=False) == found
    others = [tag.id for tag in known if not tag.moderated]
    assert chosen(told, known, required=True) == (found or others[:1])


def test_other_peoples_tags_stay() -> None:
    known = tags("Investigating", "Identified", "Major", "Team A", "Team B", "Team C", "Team D", "ChargeOver")
    applied = ["Investigating", "Team A", "Team B", "gone", "Team C", "Team D"]
    told = incident_event(EventType.INCIDENT_UPDATED, 3)
    assert chosen(told, known, required=False, applied=applied) == [
        "Identified",
        "Major",
        "ChargeOver",
        "Team A",
        "Team B",
    ]
