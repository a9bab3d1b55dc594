"""Pictures: what is drawn where, that nobody needs the colours, and what the words beside them say."""

import io
from datetime import date, timedelta
from functools import partial
from itertools import takewhile

import pytest
from PIL import Image

from bot import charts
from bot.charts import COLOURS, HEIGHTS, Strip
from relay.bulletin import DayCell

FIRST = date(2026, 8, 29)


def strip(name: str = "ChargeOver", *states: str, figure: str = "known uptime 20 % (5 known of 90 days)") -> Strip:
    """Ninety days, unknown but for the last ones."""
    shown = ["unknown"] * (90 - len(states)) + list(states)
    days = tuple(DayCell(FIRST + timedelta(days=place), state) for place, state in enumerate(shown))
    return Strip(name, days, figure)


EVERY = tuple(COLOURS)


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture.convert("RGB")


def column(picture: Image.Image, x: int, top: int, bottom: int) -> list[tuple[int, ...]]:
    found = [picture.getpixel((x, y)) for y in range(top, bottom)]
    return [one for one in found if isinstance(one, tuple)]


def _near(one: tuple[int, ...], colour: str) -> bool:
    wanted = tuple(bytes.fromhex(colour[1:]))
    return all(abs(a - b) < 12 for a, b in zip(one, wanted, strict=True))


def test_each_state_has_its_height_and_its_colour() -> None:
    picture = opened(charts.chart([strip("ChargeOver", *EVERY)]))
    assert len(set(HEIGHTS.values())) == len(HEIGHTS) == len(COLOURS)
    step = (1160 - 40) / 90
    for place, state in enumerate(EVERY):
        x = int(40 + (85 + place + 0.3) * step)
        upwards = reversed(column(picture, x, 66, 107))
        coloured = list(takewhile(partial(_near, colour=COLOURS[state]), upwards))
        assert len(coloured) == pytest.approx(40 * HEIGHTS[state], abs=4), state


def test_the_states_can_be_told_apart_without_colours() -> None:
    """In shades of grey no two of the five cells look alike."""
    picture = opened(charts.chart([strip("ChargeOver", *EVERY)])).convert("L")
    step = (1160 - 40) / 90
    cells = [
        picture.crop((int(40 + (85 + place) * step), 50, int(40 + (85 + place) * step) + 12, 108)).point(
            lambda shade: 255 if shade > 200 else 0
        )
        for place in range(5)
    ]
    assert len({one.tobytes() for one in cells}) == 5


def test_a_provider_and_at_most_ten_components() -> None:
    sizes = {
        number: opened(charts.chart([strip()] + [strip(f"Component {n}") for n in range(number)])).height
        for number in (0, 1, 10, 400)
    }
    assert sizes[0] < sizes[1] < sizes[10] == sizes[400]
    assert charts.alt([strip()] + [strip(f"Component {n}") for n in range(400)]).count("Component") == 10


def test_the_words_say_what_the_picture_shows() -> None:
    assert charts.alt([strip("ChargeOver", "outage", "outage", "maintenance", "maintenance", "operational")]) == (
        "Day by day from 29 August 2026 to 26 November 2026. ChargeOver: known uptime 20 % (5 known of 90 days)"
        " (1 operational, 2 outage, 2 maintenance, 85 unknown)."
    )


@pytest.mark.parametrize(
    "status", ["operational", "degraded", "partial_outage", "major_outage", "maintenance", "unknown", "nonsense"]
)
def test_the_card_of_a_link(status: str) -> None:
    png = charts.card("ChargeOver", status, "Since 14:00 UTC", strip("ChargeOver", *EVERY))
    picture = opened(png)
    assert picture.size == (1200, 630)
    assert len(png) < 60_000
    wanted = charts.STATUS_COLOURS.get(status, COLOURS["unknown"])
    assert all(_near(one, wanted) for one in column(picture, 10, 5, 625))


def test_signs_differ_by_shape() -> None:
    signs = {
        opened(charts.card("", status, "", strip())).crop((70, 186, 126, 242)).convert("L").point(
            lambda shade: 255 if shade > 220 else 0
        ).tobytes()
        for status in charts.STATUS_COLOURS
    }  # fmt: skip
    assert len(signs) == len(charts.STATUS_COLOURS)


@pytest.mark.parametrize(
    "name", ["W" * 5000, "", "日本語のサービス", "a\nb\x00\u202ec", "🙂" * 400, "Ünïcödé <script>"], ids=range(6)
)
def test_any_name_stays_within_its_room(name: str) -> None:
    """Nothing is drawn in the margin, whatever a page calls itself."""
    for png, margin in (
        (charts.chart([strip(name, *EVERY, figure=name)] * 3), 1164),
        (charts.card(name, "operational", name, strip(name, figure=name)), 1134),
    ):
        picture = opened(png)
        right = picture.crop((margin, 0, 1200, picture.height))
        colours = right.getcolors()
        assert colours is not None
        assert len(colours) == 1


def test_accents_that_the_font_lacks_leave_their_letters() -> None:
    font = charts._font(20)
    assert charts._known("Intégration  Zürich\n日本 Łódź", font) == "Integration Zurich odz"


def test_one_day_and_a_year_can_be_drawn_and_no_days_are_refused() -> None:
    for number in (1, 7, 366, 1000):
        days = tuple(DayCell(FIRST + timedelta(days=place), "outage") for place in range(number))
        opened(charts.chart([Strip("ChargeOver", days, "")]))
    with pytest.raises(ValueError, match="no days"):
        charts.chart([Strip("ChargeOver", (), "")])
    with pytest.raises(ValueError, match="no days"):
        charts.chart([])


def test_the_same_days_are_the_same_bytes() -> None:
    assert charts.chart([strip("A", *EVERY)]) == charts.chart([strip("A", *EVERY)])
