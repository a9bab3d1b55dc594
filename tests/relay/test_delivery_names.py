"""A delivery has one name for all its tries, and a replay another: some platforms drop what they have had."""

from standins.pages import incident, snapshot
from standins.pages import update as post

from relay.transports.transport import DeliveryError

from .conftest import House


async def test_a_try_keeps_the_name_and_a_replay_gets_its_own(house: House) -> None:
    await house.follow()
    house.shelf.put(snapshot(incident(post("u1", "investigating", 0))))
    await house.poll()
    await house.delivered()
    [first] = house.mailbox.told
    assert first.delivery == f"{first.thread_id}.1"
    house.mailbox.errors.append(DeliveryError("try again", uncounted=True))
    house.shelf.put(snapshot(incident(post("u1", "investigating", 0), post("u2", "identified", 10))))
    await house.poll()
    await house.delivered()
    await house.hasten()
    await house.delivered()
    assert house.mailbox.told[1].delivery == f"{first.thread_id}.2"
    assert first.thread_id is not None
    for _ in range(2):
        await house.deliverer.tell_again(first.thread_id, 2)
    names = [one.delivery for one in house.mailbox.told[1:]]
    assert len(set(names)) == 3
    assert all(name.startswith(f"{first.thread_id}.2") and len(name) < 25 for name in names)
