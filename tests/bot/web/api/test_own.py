"""What a token opens: its own workspace's things, no other's, and no secret."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from standins.pages import incident, snapshot, update
from standins.town import Town

from adapters.schema import Status
from bot.web.api.operation import BASE
from bot.web.api.own import OWN, shown_address
from storage import api_tokens, follows
from storage.tables import ApiToken, Attempt, Destination

SECRET = "hunter2-hunter2"


@dataclass(frozen=True)
class Two:
    """Two workspaces that follow the same page, each with a token."""

    town: Town
    ours: str
    theirs: str
    our_place: int
    their_place: int


@pytest.fixture
async def two(town: Town) -> Two:
    await town.put(snapshot(), snapshot(incident(update("u1", "investigating", 5)), app=Status.MAJOR_OUTAGE))
    our_place = await town.follow("local", f"https://hooks.example.com/{SECRET}/ours")
    their_place = await town.follow("slack:T1", "slack:T1/C1", transport="slack")
    async with town.database.write() as session:
        for place in await session.scalars(select(Destination)):
            place.sealed, place.secrets = town.services.vault.seal(SECRET), [town.services.vault.seal(SECRET)]
            place.options = {"format": "standard", "types": ["incident.*"], "template": SECRET}
    return Two(town, await town.token(), await town.token("slack:T1"), our_place, their_place)


async def test_what_is_ones_own_is_told(two: Two) -> None:
    [follow] = (await two.town.json("/api/v1/follows", two.ours))["follows"]
    assert (follow["provider"], follow["destination"]) == ("chargeover", str(two.our_place))
    assert follow["streams"] == ["incidents", "components", "maintenance"]
    [place] = (await two.town.json("/api/v1/destinations", two.ours))["destinations"]
    assert (place["id"], place["address"]) == (str(two.our_place), "https://hooks.example.com/…ours")
    assert (place["enabled"], place["types"]) == (True, ["incident.*"])
    listed = (await two.town.json("/api/v1/deliveries", two.ours))["deliveries"]
    assert {(one["state"], one["destination"], one["provider"]) for one in listed} == {
        ("pending", str(two.our_place), "chargeover")
    }
    assert (await two.town.json(f"/api/v1/deliveries?destination={two.their_place}", two.ours))["deliveries"] == []
    assert (await two.town.json("/api/v1/deliveries?state=dead", two.ours))["deliveries"] == []


async def test_a_token_never_sees_anothers(two: Two) -> None:
    """Every route with a stranger's ids, and every answer looked through."""
    [theirs, *_] = (await two.town.json("/api/v1/deliveries", two.theirs))["deliveries"]
    assert (await two.town.ask(f"/api/v1/deliveries/{theirs['delivery']}", token=two.theirs)).status == 200
    for operation in OWN:
        path = BASE + operation.path.replace("{delivery}", theirs["delivery"])
        answer = await two.town.ask(path, operation.method, token=two.ours)
        assert answer.status == (404 if "{" in operation.path else 200)
        assert "slack" not in answer.text
        assert theirs["delivery"] not in answer.text or answer.status == 404
        assert answer.headers["Cache-Control"] in ("private, no-store", "no-store")
    async with two.town.database.read() as session:
        assert (await session.scalars(select(Attempt.id))).all() == []


async def test_no_answer_holds_a_secret(two: Two) -> None:
    for operation in OWN:
        if "{" not in operation.path:
            answer = await two.town.ask(BASE + operation.path, token=two.ours)
            assert (answer.status, SECRET in answer.text) == (200, False)


HEADERS = ("", "Bearer", "Bearer x", "Basic dXB0bV94", "Bearer uptm_\xe4", "Bearer uptm_no")


async def test_without_a_token_nothing_is_opened(town: Town) -> None:
    for operation in OWN:
        path = BASE + operation.path.replace("{delivery}", "1.1")
        for header in HEADERS:
            answer = await town.ask(path, operation.method, **({"Authorization": header} if header else {}))
            assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json"), header
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_revoked_token_opens_nothing(two: Two) -> None:
    async with two.town.database.write() as session:
        workspace_id = await follows.workspace(session, "local")
        assert await api_tokens.revoke(session, workspace_id, "dashboard")
        assert not await api_tokens.revoke(session, workspace_id, "dashboard")
    assert (await two.town.ask("/api/v1/follows", token=two.ours)).status == 401
    assert (await two.town.ask("/api/v1/follows", token=two.theirs)).status == 200
    again = await two.town.token()
    assert again != two.ours
    assert (await two.town.ask("/api/v1/follows", token=again)).status == 200


async def test_of_a_token_its_hash_is_kept_and_when_it_was_used(two: Two) -> None:
    async def row() -> ApiToken:
        async with two.town.database.read() as session:
            workspace_id = await follows.workspace_if_any(session, "local")
            return (await session.scalars(select(ApiToken).where(ApiToken.workspace_id == workspace_id))).one()

    before = await row()
    assert before.last_used_at is None
    assert two.ours not in str(vars(before))
    await two.town.ask("/api/v1/follows", token=two.ours)
    used = (await row()).last_used_at
    assert used is not None
    await two.town.ask("/api/v1/follows", token=two.ours)
    assert (await row()).last_used_at == used


async def test_two_tokens_of_a_workspace_have_two_names(two: Two) -> None:
    async with two.town.database.write() as session:
        workspace_id = await follows.workspace(session, "local")
        assert await api_tokens.make(session, workspace_id, "dashboard") is None
        assert await api_tokens.make(session, workspace_id, "another") is not None


async def test_a_delivery_is_told_with_its_tries_and_told_again(two: Two) -> None:
    [first, *_] = (await two.town.json("/api/v1/deliveries", two.ours))["deliveries"]
    path = f"/api/v1/deliveries/{first['delivery']}"
    answer = await two.town.ask(f"{path}/replay", "POST", token=two.ours)
    assert answer.status == 200, answer.text
    assert answer.json["delivered"] is False
    assert "It was not delivered" in answer.json["reason"]
    told = await two.town.json(path, two.ours)
    assert (told["attempts"], len(told["tries"])) == (1, 1)
    assert told["tries"][0]["reason"] == told["reason"]
    assert (await two.town.ask(f"{path}/replay", token=two.ours)).headers["Allow"] == "POST"


async def test_a_name_that_is_none(two: Two) -> None:
    for name in ("1", "x.1", "1.1.1", "9999999999999999999.1", "1.x", "-1.1", "99.1"):
        answer = await two.town.ask(f"/api/v1/deliveries/{name}", token=two.ours)
        assert (answer.status, answer.json["parameter"]) == (404, "delivery"), name


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://hooks.example.com/T0/B0/secret", "https://hooks.example.com/…cret"),
        ("apprise:ntfy://user:secret@ntfy.sh/topic", "apprise:ntfy://…"),
        ("webpush:4f3a", "webpush:…"),
        ("slack:T1/C1", "slack:T1/C1"),
        ("mailto:ops@example.com", "mailto:ops@example.com"),
        ("console:", "console:"),
    ],
)
def test_of_an_address_no_secret_is_shown(uri: str, shown: str) -> None:
    assert shown_address(uri) == shown
