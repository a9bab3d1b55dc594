"""Pictures of days, as PNG: the ninety cells of a provider and its components, and the card of a link to its page.

Pure: the same values give the same bytes. Each state has a colour of the palette of Okabe and Ito, a height and
(where there was trouble) a mark of its own, so that nobody needs the colours to read them. The text that says the
same is beside each picture: no picture goes without it. The font is the one that Pillow carries: accents that it
lacks are left out, and so are the letters of other scripts. Drawing takes some hundredths of a second: not in an
event loop.
"""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

from PIL import Image, ImageDraw, ImageFont

from relay.bulletin import DayCell

MOST_ROWS = 10
"""Components below the provider itself."""
MOST_DAYS = 366

COLOURS = {
    "operational": "#009E73",
    "degraded": "#E69F00",
    "outage": "#D55E00",
    "maintenance": "#0072B2",
    "unknown": "#8A8F95",
}
HEIGHTS = {"operational": 1.0, "degraded": 0.7, "maintenance": 0.5, "outage": 0.3, "unknown": 0.1}
"""Of a cell's room: as everywhere in uptimus."""
GROUND, SHEET, INK, FAINT, LINE = "#FBFBFA", "#FFFFFF", "#1D1F21", "#5D6166", "#DEDCD7"

STATUS_COLOURS = {
    "operational": COLOURS["operational"],
    "degraded": COLOURS["degraded"],
    "partial_outage": COLOURS["outage"],
    "major_outage": COLOURS["outage"],
    "maintenance": COLOURS["maintenance"],
    "unknown": COLOURS["unknown"],
}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Strip:
    """One line of cells: whose they are, and its figures in words."""

    name: str
    days: tuple[DayCell, ...]
    figure: str


def chart(strips: Sequence[Strip]) -> bytes:
    """The provider's strip first, then those of at most ten components; a legend below. 1200 pixels wide, twice as
    dense as it is shown. Raises ValueError where there is nothing to draw."""
    rows = _shown(strips)
    left, width, pitch = 40.0, 1200, 96
    picture = Image.new("RGB", (width, 40 + pitch * len(rows) + 76), SHEET)
    draw = ImageDraw.Draw(picture)
    for place, one in enumerate(rows):
        top = 28.0 + place * pitch
        size = 26 if place == 0 else 22
        figure, name = _font(20), _font(size)
        room = width - 2 * left - draw.textlength(_known(one.figure, figure), figure) - 24
        draw.text((left, top), _cut(draw, one.name, name, max(room, 300)), INK, name)
        _right(draw, one.figure, figure, width - left, top + (size - 20) / 2, width - 2 * left - 324)
        _cells(draw, one.days, (left, top + 38, width - left, top + 78))
    _legend(draw, rows[0].days, left, 40.0 + pitch * len(rows) + 12)
    return _png(picture)


def alt(strips: Sequence[Strip]) -> str:
    """What the chart shows, in words."""
    rows = _shown(strips)
    first, last = rows[0].days[0].day, rows[0].days[-1].day
    lines = [f"{one.name}: {one.figure} ({_counted(one.days)})" for one in rows]
    return f"Day by day from {first:%-d %B %Y} to {last:%-d %B %Y}. " + ". ".join(lines) + "."


def card(name: str, status: str, says: str, strip: Strip) -> bytes:
    """The picture of a link to a provider's page, 1200 by 630: its name, its status with what that says (`Partial
    outage since …`), its figures and its cells."""
    picture = Image.new("RGB", (1200, 630), GROUND)
    draw = ImageDraw.Draw(picture)
    left, right = 70.0, 1130.0
    colour = STATUS_COLOURS.get(status, STATUS_COLOURS["unknown"])
    draw.rectangle((0, 0, 24, 630), colour)
    title = _font(76)
    draw.text((left, 62), _cut(draw, name, title, right - left), INK, title)
    _sign(draw, status, (left, 186, left + 56, 242), colour)
    state = _font(44)
    draw.text((left + 80, 186), _cut(draw, says, state, right - left - 80), INK, state)
    _cells(draw, strip.days, (left, 312, right, 452))
    _legend(draw, strip.days, left, 474)
    figure = _font(26)
    draw.text((left, 532), _cut(draw, strip.figure, figure, right - left), INK, figure)
    _right(draw, "uptimus", _font(24), right, 578, 200)
    return _png(picture)


def _shown(strips: Sequence[Strip]) -> Sequence[Strip]:
    rows = [one for one in strips if one.days][: MOST_ROWS + 1]
    if not rows:
        raise ValueError("there are no days to draw")
    return rows


def _cells(draw: ImageDraw.ImageDraw, days: Sequence[DayCell], box: Box) -> None:
    """From left to right, the oldest first, each on the ground of the box."""
    left, top, right, bottom = box
    shown = days[-MOST_DAYS:]
    step = (right - left) / len(shown)
    wide = max(1.0, step - max(1.0, min(4.0, step / 4)))
    for place, one in enumerate(shown):
        state = one.state if one.state in COLOURS else "unknown"
        x = left + place * step
        y = bottom - (bottom - top) * HEIGHTS[state]
        draw.rectangle((x, y, x + wide - 1, bottom), COLOURS[state])
        if state in ("outage", "degraded") and wide >= 4:
            _mark(draw, state, x, wide, y)


def _mark(draw: ImageDraw.ImageDraw, state: str, x: float, wide: float, y: float) -> None:
    """Above a cell: a cross for an outage, a dot for a degradation."""
    arm = min(5.0, wide / 2)
    middle, up = x + (wide - 1) / 2, y - arm - 3
    if state == "outage":
        for slope in (-1, 1):
            draw.line((middle - arm, up - slope * arm, middle + arm, up + slope * arm), COLOURS[state], 2)
    else:
        draw.ellipse((middle - arm / 2, up - arm / 2, middle + arm / 2, up + arm / 2), COLOURS[state])


def _legend(draw: ImageDraw.ImageDraw, days: Sequence[DayCell], left: float, top: float) -> None:
    """Each state that occurs, as its cells look, with the number of days."""
    counted, font, x = Counter(one.state for one in days), _font(22), left
    for state in COLOURS:
        if counted[state]:
            y = top + 28 * (1 - HEIGHTS[state])
            draw.rectangle((x, y, x + 11, top + 28), COLOURS[state])
            if state in ("outage", "degraded"):
                _mark(draw, state, x, 12, y)
            words = f"{counted[state]} {state}"
            draw.text((x + 22, top), words, FAINT, font)
            x += 22 + draw.textlength(words, font) + 40


def _sign(draw: ImageDraw.ImageDraw, status: str, box: Box, colour: str) -> None:
    """A disc with what the status is, told by its shape: a tick, a bar, a cross, a dot, a question mark."""
    left, top, right, _ = box
    unit = (right - left) / 8

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(left + x * unit, top + y * unit) for x, y in points]

    draw.ellipse(box, colour)
    if status == "operational":
        draw.line(at((2.2, 4.2), (3.5, 5.5), (5.9, 2.7)), SHEET, 6, "curve")
    elif status == "major_outage":
        draw.line(at((2.6, 2.6), (5.4, 5.4)), SHEET, 6)
        draw.line(at((2.6, 5.4), (5.4, 2.6)), SHEET, 6)
    elif status == "partial_outage":
        draw.line(at((4, 1.8), (4, 4.8)), SHEET, 6)
        draw.ellipse((*at((3.5, 5.4))[0], *at((4.5, 6.4))[0]), SHEET)
    elif status == "degraded":
        draw.polygon(at((2, 3), (6, 3), (4, 6)), SHEET)
    elif status == "maintenance":
        draw.rectangle((*at((2.3, 3.4))[0], *at((5.7, 4.6))[0]), SHEET)
    else:
        draw.text(at((4, 4))[0], "?", SHEET, _font(int(unit * 5)), anchor="mm")


def _right(draw: ImageDraw.ImageDraw, text: str, font: Font, right: float, top: float, room: float) -> None:
    shown = _cut(draw, text, font, room)
    draw.text((right - draw.textlength(shown, font), top), shown, FAINT, font)


def _cut(draw: ImageDraw.ImageDraw, text: str, font: Font, room: float) -> str:
    """As much of a stranger's text as there is room for, on one line."""
    shown = _known(text[:300], font)
    if draw.textlength(shown, font) <= room:
        return shown
    while shown and draw.textlength(f"{shown}…", font) > room:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


def _known(text: str, font: Font) -> str:
    """The text without letters that the font lacks (it would draw boxes) and without what is no letter."""
    kept = "".join(_drawn(letter, font) for letter in " ".join(text.split()) if letter.isprintable())
    return " ".join(kept.split())


def _drawn(letter: str, font: Font) -> str:
    """The letter, without its accent where the font lacks it; nothing where it lacks that, too."""
    if letter.isascii() or _has(letter, font):
        return letter
    return "".join(part for part in normalize("NFKD", letter) if part.isascii())


def _has(letter: str, font: Font) -> bool:
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


def _counted(days: Sequence[DayCell]) -> str:
    counted = Counter(one.state for one in days)
    return ", ".join(f"{counted[state]} {state}" for state in COLOURS if counted[state])


@lru_cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(written, "PNG")
    return written.getvalue()
