"""The picture of a provider's days, by its address."""

import io

import pytest
from PIL import Image
from standins.pages import incident, snapshot, update
from standins.town import Town

from adapters.schema import Status


async def test_the_picture_is_there_and_kept_by_who_has_it(town: Town) -> None:
    await town.put(snapshot(), snapshot(incident(update("u1", "investigating", 1)), app=Status.MAJOR_OUTAGE))
    answer = await town.ask("/status/chargeover/uptime.png")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.body)).width == 1200
    assert "max-age=" in answer.headers["Cache-Control"]
    again = await town.ask("/status/chargeover/uptime.png", If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    other = await town.ask("/status/chargeover/uptime.png?days=30&zone=Europe/Berlin&at=2026010112")
    assert other.status == 200
    assert other.body != answer.body


@pytest.mark.parametrize("path", ["nobody/uptime.png", *(f"chargeover/uptime.png?{q}" for q in (
    "days=0", "days=367", "days=x", "days=9999999", "zone=Nowhere/Land",
))])  # fmt: skip
async def test_what_there_is_no_picture_of(town: Town, path: str) -> None:
    await town.put(snapshot())
    assert (await town.ask(f"/status/{path}")).status == 404
