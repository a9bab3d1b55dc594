"""Badges: a state in a word, a colour and a sign, in a picture that is as wide as what it says."""

from xml.etree import ElementTree as Xml

import pytest
from standins.pages import snapshot
from standins.town import Town

from adapters.schema import Status
from bot.web.badges import COLOURS, HEIGHT, PADDING, SIGN, SIGNS, picture, width

SVG = "{http://www.w3.org/2000/svg}"


def texts(root: Xml.Element) -> list[str | None]:
    return [one.text for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("status", list(Status))
def test_a_state_is_told_by_word_colour_and_sign(status: Status) -> None:
    root = Xml.fromstring(picture("ChargeOver", str(status), status))
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == f"ChargeOver: {status}"
    assert root.get("role") == "img"
    assert texts(root) == ["ChargeOver", str(status)]
    assert root.find(f".//{SVG}path").get("d") == SIGNS[status]  # type: ignore[union-attr]
    assert COLOURS[status] in {one.get("fill") for one in root.iter(f"{SVG}rect")}


def test_no_two_states_look_the_same() -> None:
    assert len(set(COLOURS.values())) == len(set(SIGNS.values())) == len(Status)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [*COLOURS.values(), "#3d444d"])
def test_white_letters_can_be_read_on_it(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


@pytest.mark.parametrize("label", ["i", "Wide WWW Words", "状態", "Ünïcödé & <b>", ""])
def test_it_is_as_wide_as_its_texts(label: str) -> None:
    root = Xml.fromstring(picture(label, "operational", Status.OPERATIONAL))
    first, second = root.iter(f"{SVG}text")
    assert first.get("textLength") == str(width(label))
    assert second.get("x") == str(width(label) + 3 * PADDING + SIGN)
    assert int(root.get("width") or 0) == width(label) + width("operational") + SIGN + 4 * PADDING
    assert root.get("height") == str(HEIGHT)


def test_widths() -> None:
    assert width("operational") == 62  # 62.5 pixels in DejaVu Sans
    assert width("iiii") < width("mmmm") / 3
    assert width("状態") == 22
    assert width("e\u0301") == width("e")


async def badge(town: Town, path: str, status: int = 200) -> Xml.Element:
    answer = await town.ask(path)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "image/svg+xml; charset=utf-8")
    assert answer.headers["Cache-Control"] == "public, max-age=30, stale-while-revalidate=60"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return Xml.fromstring(answer.body)


async def test_badges_are_served(town: Town) -> None:
    await town.put(snapshot(app=Status.PARTIAL_OUTAGE))
    assert texts(await badge(town, "/status/chargeover/badge.svg")) == ["ChargeOver", "partial outage"]
    assert texts(await badge(town, "/status/chargeover/badge.svg?label=pay%0Aments")) == [
        "pay ments",
        "partial outage",
    ]
    [label, _] = texts(await badge(town, f"/status/chargeover/badge.svg?label={'x' * 500}"))
    assert len(label or "") == 60
    hostile = await badge(town, "/status/chargeover/badge.svg?label=%3Cscript%3E%22%00")
    assert texts(hostile)[0] == '<script>"'
    assert not list(hostile.iter(f"{SVG}script"))
    await town.fail()
    assert texts(await badge(town, "/status/chargeover/badge.svg"))[1] == "unknown"
    unknown = await badge(town, "/status/nobody/badge.svg", 404)
    assert texts(unknown) == ["nobody", "not followed"]
    assert COLOURS[Status.UNKNOWN] in {one.get("fill") for one in unknown.iter(f"{SVG}rect")}
