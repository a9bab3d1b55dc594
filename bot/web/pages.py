"""The public pages as HTML: templates, and how states, times and addresses read in them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adapters.schema import OVER, Incident, Maintenance, Status, Update, rfc3339
from bot.commands.services import ago, counted
from bot.commands.uptime import observed, percent
from bot.web import prose, questions, strips
from bot.web.questions import SENTENCES
from bot.web.static_files import version_of
from bot.web.strips import CALM, HEIGHTS, TROUBLE, Stretch
from bot.web.views import Asked, ComponentRow, DirectoryView, Facts, Missing, ProviderView
from relay.wording import capital, lasting, plain, utc

HERE = Path(__file__).parent

SIGNS = {
    Status.OPERATIONAL: "✓",
    Status.DEGRADED: "▾",
    Status.PARTIAL_OUTAGE: "!",
    Status.MAJOR_OUTAGE: "✕",
    Status.MAINTENANCE: "⚙",
    Status.UNKNOWN: "?",
}
"""Beside the colour and the word: state is never told by colour alone."""
MINUTE = timedelta(minutes=1)
MOST_TITLES = 120
"""Stretches of components that say what they are; a page of noisy ones would be too large otherwise."""
MOST_NOTABLE = 8
"""Days of trouble that are listed of a component."""
PAST_LETTERS, ACTIVE_LETTERS, MOST_UPDATES = 12_000, 24_000, 40
"""How much of what a provider says is shown of incidents that are over, and of those that are active."""


@dataclass(frozen=True)
class RowShown:
    """A component as its row shows it."""

    row: ComponentRow
    strip: Markup
    notable: tuple[Stretch, ...]
    more: int
    """Days of trouble that are not listed."""


@dataclass(frozen=True)
class CaseShown:
    """An incident or planned work with as many of its updates as there is room for, the latest first."""

    case: Incident | Maintenance
    updates: tuple[Update, ...]
    left_out: int


def provider_page(view: ProviderView, facts: Facts, now: datetime) -> str:
    """The page of one provider."""
    found, asked = strips.stretches(view.days), questions.answers(view, facts)
    return _TEMPLATES.get_template("provider.html").render(
        view=view,
        facts=facts,
        now=now,
        push=facts.push,
        stretches=found,
        strip=strips.drawn(found, f"The last {len(view.days)} days: {strips.counts(view.days)}"),
        counts=strips.counts(view.days),
        groups=_groups(view),
        active=_told(view.incidents, ACTIVE_LETTERS),
        coming=_told(view.maintenances, PAST_LETTERS),
        past=list(zip(view.past, _told((one.incident for one in view.past), PAST_LETTERS), strict=True)),
        works=_told(view.works, PAST_LETTERS // 2),
        names={component.id: component.name for component in view.components},
        questions=asked,
        structured=_for_machines(questions.structured(view, asked, facts)),
    )


def directory_page(view: DirectoryView, facts: Facts, now: datetime) -> str:
    """Everything followed, at a glance."""
    entries = view.entries
    calm = sum(entry.status == Status.OPERATIONAL for entry in entries)
    return _TEMPLATES.get_template("directory.html").render(
        view=view,
        facts=facts,
        now=now,
        followed=len(entries) if view.followed is None else view.followed,
        matching=len(entries) if view.matching is None else view.matching,
        operational=calm if view.followed is None else view.operational,
    )


def missing_page(missing: Missing | None, facts: Facts) -> str:
    """There is no page of this name; what may be meant."""
    return _TEMPLATES.get_template("missing.html").render(missing=missing or Missing(), facts=facts)


def words_page(title: str, text: str) -> str:
    """A page that says one thing, for what can't be shown."""
    return _TEMPLATES.get_template("words.html").render(title=title, text=text)


def rendered(template: str, **values: object) -> str:
    """Any other page of ours."""
    return _TEMPLATES.get_template(template).render(**values)


def button_page(title: str, text: str, button: str | None) -> str:
    """A page that says one thing, and asks for one."""
    return _TEMPLATES.get_template("button.html").render(title=title, text=text, button=button)


def _groups(view: ProviderView) -> list[tuple[str | None, list[RowShown]]]:
    rows = _rows(view.listed.rows)
    return [(name, list(members)) for name, members in groupby(rows, key=lambda one: one.row.component.group)]


def _rows(rows: Iterable[ComponentRow]) -> Iterator[RowShown]:
    left = MOST_TITLES
    for row in rows:
        found = strips.stretches(row.days)
        notable = [one for one in reversed(found) if one.state not in CALM]
        titles = left >= len(found)
        left -= len(found) if titles else 0
        label = f"{row.component.name}, {len(row.days)} days: {strips.present(row.days)}"
        strip = strips.drawn(found, label, titles=titles) if row.days else Markup("")
        listed = tuple(notable[: MOST_NOTABLE if titles else 3])
        yield RowShown(row, strip, listed, len(notable) - len(listed))


def _told(some: Iterable[Incident | Maintenance], letters: int) -> list[CaseShown]:
    """Each with its updates, the latest first, until there are so many letters."""
    found, left = [], letters
    for case in some:
        shown = list[Update]()
        for update in reversed(case.updates[-MOST_UPDATES:]):
            if left <= 0:
                break
            shown.append(update)
            left -= min(len(update.body), prose.LONGEST) + 120
        found.append(CaseShown(case, tuple(shown), len(case.updates) - len(shown)))
    return found


def _for_machines(document: Mapping[str, Any]) -> Markup:
    """JSON that can't end the element it stands in."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  # nothing in it can end the element


def _time(moment: datetime) -> Markup:
    exact = rfc3339(moment.replace(microsecond=0))
    return Markup(f'<time datetime="{exact}">{utc(moment)}</time>')  # noqa: S704  # digits and names of months


def _ago(moment: datetime, now: datetime) -> Markup:
    """How long ago in words that hold for a while: the script says it to the second."""
    age = now - moment
    said = "less than a minute ago" if age < MINUTE else ago(moment, now)
    exact = rfc3339(moment.replace(microsecond=0))
    whole = Markup('<time datetime="{}" title="{}" data-ago>{}</time>')
    return whole.format(exact, f"{moment.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC", said)


def _named(ids: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Components that the page does not list any more are left out."""
    return [names[id_] for id_ in ids if id_ in names]


def _query(asked: Asked, text_name: str, page: int | None = None, **more: str) -> str:
    """`?q=pay&page=2` for another page of the same; empty for the first of everything."""
    wanted = {text_name: asked.text, "category": asked.category, **more}
    wanted["page"] = str(page) if page is not None and page > 1 else ""
    said = urlencode({name: value for name, value in wanted.items() if value})
    return f"?{said}" if said else ""


def _environment() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        time=_time,
        ago=_ago,
        words=lambda word: capital(plain(str(word))),
        web_address=prose.web_address,
        prose=prose.html,
        named=_named,
        counted=counted,
        lasting=lasting,
        percent=percent,
        observed=observed,
        query=_query,
    )
    templates.globals.update(
        signs=SIGNS, sentences=SENTENCES, over=OVER, heights=HEIGHTS, trouble=TROUBLE, version_of=version_of
    )
    return templates


_TEMPLATES = _environment()
