"""A provider's state as a small picture (SVG) for a README or a wiki: in a word, a colour and a sign."""

import unicodedata
from functools import partial
from xml.etree import ElementTree as Xml

from aiohttp import web

from adapters.schema import Status
from bot.commands.services import Services, shown_status
from bot.web import conditional
from relay.wording import plain
from storage import providers

CACHE = "public, max-age=30, stale-while-revalidate=60"
LONGEST_LABEL = 60
UNKNOWN = "not followed"
SVG = "http://www.w3.org/2000/svg"
SIZE, HEIGHT, PADDING, SIGN = 11, 20, 7, 13
"""Pixels: of the letters, of the picture, beside each text, and of the sign with the gap behind it."""

COLOURS = {
    Status.OPERATIONAL: "#1a7f37",
    Status.DEGRADED: "#8a6100",
    Status.PARTIAL_OUTAGE: "#b24a00",
    Status.MAJOR_OUTAGE: "#c3232f",
    Status.MAINTENANCE: "#1f62c4",
    Status.UNKNOWN: "#5f6670",
}
"""White letters on each have a contrast of at least 4.5 to 1."""
SIGNS = {
    Status.OPERATIONAL: "M1.5 5.5 4 8 8.5 2.5",
    Status.DEGRADED: "M1.5 3 5 8 8.5 3Z",
    Status.PARTIAL_OUTAGE: "M5 1v5M5 8v1",
    Status.MAJOR_OUTAGE: "M2 2l6 6M8 2 2 8",
    Status.MAINTENANCE: "M3 1.5v7M7 1.5v7",
    Status.UNKNOWN: "M2.5 3.5a2.5 2 0 1 1 2.5 2.5v.5M5 8.2v.8",
}
"""Drawn, so that no font has to have them: a tick, a wedge, an exclamation mark, a cross, a pause, a question
mark."""
_WIDTHS = {
    27: "'", 28: "ijl", 29: "IJ", 32: " ,.", 34: "/:;\\|", 35: "f", 36: "-", 39: "()[]t", 40: "!", 41: "r",
    46: '"', 50: "*_`", 52: "sz", 53: "?", 55: "c", 56: "L", 58: "Fk", 59: "vxy", 60: "P", 61: "TYao", 62: "e",
    63: "ESbdghnpqu", 64: "$0123456789{}", 66: "K", 68: "AV", 69: "BRXZ", 70: "C", 73: "U", 75: "HN", 77: "DG",
    78: "&", 79: "OQ", 82: "w", 84: "#+<=>^~", 86: "M", 95: "%", 97: "m", 99: "W", 100: "@",
}  # fmt: skip
_WIDTH = {letter: width / 100 for width, letters in _WIDTHS.items() for letter in letters}
"""Of a letter as the fonts that are named below draw it, in ems."""


def routes(services: Services) -> list[web.RouteDef]:
    """The one badge of each provider."""
    return [web.get("/status/{slug}/badge.svg", partial(_badge, services))]


async def _badge(services: Services, request: web.Request) -> web.StreamResponse:
    slug = request.match_info["slug"].replace("\0", "")
    async with services.database.read() as session:
        provider = await providers.by_slug(session, slug)
    label = _line(request.query.get("label", "")) or _line(provider.name if provider else slug)
    status = shown_status(provider) if provider else Status.UNKNOWN
    word = plain(status) if provider else UNKNOWN
    return conditional.answered(
        request,
        picture(label, word, status),
        content_type="image/svg+xml; charset=utf-8",
        cache=CACHE,
        status=200 if provider else 404,
        headers={"Access-Control-Allow-Origin": "*"},
    )


def picture(label: str, word: str, status: Status) -> bytes:
    """`label: word` as SVG, in the status's colour and with its sign."""
    left, right = width(label) + 2 * PADDING, width(word) + SIGN + 2 * PADDING
    said = f"{label}: {word}"
    Xml.register_namespace("", SVG)
    root = _element(
        None, "svg", width=left + right, height=HEIGHT, viewBox=f"0 0 {left + right} {HEIGHT}", role="img"
    )
    root.set("aria-label", said)
    _element(root, "title").text = said
    clip = _element(root, "clipPath", id="r")
    _element(clip, "rect", width=left + right, height=HEIGHT, rx=3)
    shape = _element(root, "g")
    shape.set("clip-path", "url(#r)")
    _element(shape, "rect", width=left, height=HEIGHT, fill="#3d444d")
    _element(shape, "rect", x=left, width=right, height=HEIGHT, fill=COLOURS[status])
    sign = _element(root, "path", d=SIGNS[status], fill="none", stroke="#fff")
    sign.set("stroke-width", "1.6")
    sign.set("transform", f"translate({left + PADDING} 5)")
    texts = _element(root, "g", fill="#fff")
    texts.set("font-family", "Verdana,'DejaVu Sans',Geneva,sans-serif")
    texts.set("font-size", str(SIZE))
    _text(texts, label, PADDING)
    _text(texts, word, left + PADDING + SIGN)
    body: bytes = Xml.tostring(root, encoding="utf-8")
    return body


def width(text: str) -> int:
    """Pixels. Whatever font there is, the text is drawn so wide."""
    return round(sum(map(_ems, text)) * SIZE)


def _ems(letter: str) -> float:
    if letter in _WIDTH:
        return _WIDTH[letter]
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.65


def _line(text: str) -> str:
    """On one line, cut, without what can't be drawn."""
    said = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return said if len(said) <= LONGEST_LABEL else f"{said[: LONGEST_LABEL - 1]}…"


def _element(parent: Xml.Element | None, name: str, **given: str | int) -> Xml.Element:
    attributes = {key: str(value) for key, value in given.items()}
    tag = f"{{{SVG}}}{name}"
    return Xml.Element(tag, attributes) if parent is None else Xml.SubElement(parent, tag, attributes)


def _text(parent: Xml.Element, text: str, x: int) -> None:
    element = _element(parent, "text", x=x, y=14, textLength=width(text), lengthAdjust="spacingAndGlyphs")
    element.set("aria-hidden", "true")
    element.text = text
