"""What the texts of a feed say of a phase, an impact and the kind of work. Small tables; what they don't hold is
not said.

A phase counts where it is stated (`Status: Resolved`, `[Resolved] …`, `Resolved: …`, `<strong>Resolved</strong>`),
else where a whole phrase of the text says it. "Once this has been resolved" says nothing.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from adapters.schema import Impact, IncidentPhase, MaintenancePhase

_Word = TypeVar("_Word")

INCIDENT_PHASE: Mapping[str, IncidentPhase] = {
    "investigating": IncidentPhase.INVESTIGATING,
    "under investigation": IncidentPhase.INVESTIGATING,
    "investigation": IncidentPhase.INVESTIGATING,
    "new": IncidentPhase.INVESTIGATING,
    "identified": IncidentPhase.IDENTIFIED,
    "issue identified": IncidentPhase.IDENTIFIED,
    "root cause identified": IncidentPhase.IDENTIFIED,
    "mitigating": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
    "watching": IncidentPhase.MONITORING,
    "mitigated": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
    "fixed": IncidentPhase.RESOLVED,
    "closed": IncidentPhase.RESOLVED,
    "recovered": IncidentPhase.RESOLVED,
    "restored": IncidentPhase.RESOLVED,
    "service restored": IncidentPhase.RESOLVED,
    "service is operating normally": IncidentPhase.RESOLVED,
    "postmortem": IncidentPhase.POSTMORTEM,
    "post mortem": IncidentPhase.POSTMORTEM,
    "post incident review": IncidentPhase.POSTMORTEM,
    "root cause analysis": IncidentPhase.POSTMORTEM,
}
MAINTENANCE_PHASE: Mapping[str, MaintenancePhase] = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "planned": MaintenancePhase.SCHEDULED,
    "upcoming": MaintenancePhase.SCHEDULED,
    "rescheduled": MaintenancePhase.SCHEDULED,
    "in progress": MaintenancePhase.IN_PROGRESS,
    "started": MaintenancePhase.IN_PROGRESS,
    "underway": MaintenancePhase.IN_PROGRESS,
    "verifying": MaintenancePhase.VERIFYING,
    "completed": MaintenancePhase.COMPLETED,
    "complete": MaintenancePhase.COMPLETED,
    "finished": MaintenancePhase.COMPLETED,
    "resolved": MaintenancePhase.COMPLETED,
    "canceled": MaintenancePhase.CANCELED,
    "cancelled": MaintenancePhase.CANCELED,
}
IMPACT: Mapping[str, Impact] = {
    "none": Impact.NONE,
    "no impact": Impact.NONE,
    "informational": Impact.NONE,
    "minor": Impact.MINOR,
    "minor outage": Impact.MINOR,
    "degraded": Impact.MINOR,
    "degraded performance": Impact.MINOR,
    "performance degradation": Impact.MINOR,
    "performance issues": Impact.MINOR,
    "major": Impact.MAJOR,
    "partial outage": Impact.MAJOR,
    "service disruption": Impact.MAJOR,
    "critical": Impact.CRITICAL,
    "major outage": Impact.CRITICAL,
    "full outage": Impact.CRITICAL,
    "complete outage": Impact.CRITICAL,
}
IMPACT_IN_TITLE = tuple(phrase for phrase in IMPACT if " " in phrase)
"""Those that may stand anywhere in a title; a lone "major" or "none" there is about something else."""
SENTENCES: Mapping[str, IncidentPhase] = {
    r"(?:is|are|was|were|been)(?: now| fully| completely)* (?:resolved|restored)": IncidentPhase.RESOLVED,
    r"a fix has been (?:implemented|deployed|applied|rolled out)": IncidentPhase.MONITORING,
    r"(?:continu\w+ to|are|will)(?: now)?(?: be)? monitor(?:ing)?": IncidentPhase.MONITORING,
    r"(?:issue|cause|problem|source)\b[^.]{0,60} has been identified": IncidentPhase.IDENTIFIED,
    r"(?:have|has) identified\b[^.]{0,60}(?:issue|cause|problem|source)": IncidentPhase.IDENTIFIED,
    r"(?:are|is|began|continu\w+ to)(?: currently| actively| still| aware and)* investigat(?:ing|e)": (
        IncidentPhase.INVESTIGATING
    ),
}
"""Whole phrases, in the order in which they count: a text that says more than one is as far as the first."""

_CONDITION = re.compile(r"\b(?:once|until|when|unless|if|before|not|expect\w*|estimated?)\b")
_SENTENCES = [(re.compile(rf"\b{pattern}\b"), phase) for pattern, phase in SENTENCES.items()]
_STATED = re.compile(r"\bstatus\s*:\s*([a-z][a-z -]{2,30})", re.IGNORECASE)
_GRADED = re.compile(r"\b(?:impact|severity)\s*:\s*([a-z][a-z -]{2,30})", re.IGNORECASE)
_MARKED = re.compile(r"\s*[\[(]([^\])]{3,30})[\])]\s*[-–—:]?\s*")
_LED = re.compile(r"\s*([A-Za-z][A-Za-z -]{2,30}?)\s*(?::|\s[-–—])\s+(?=\S)")
_TRAILED = re.compile(r"\s+[-–—]\s+([A-Za-z][A-Za-z -]{2,30})\s*$")
_WORK = re.compile(
    r"\b(?:maintenance|(?:planned|scheduled) (?:work|outage|downtime|upgrade|migration))\b", re.IGNORECASE
)


def labelled(label: str, words: Mapping[str, _Word]) -> _Word | None:
    """What a label says by itself, as `Resolved` or `in-progress`; None where the table has no such word."""
    return words.get(" ".join(re.sub(r"[^a-z]+", " ", label.lower()).split()))


def stated(text: str, words: Mapping[str, _Word]) -> _Word | None:
    """What a text states as its `Status: …`; of the words that follow, the longest that is one."""
    found = _STATED.search(text)
    return _longest(found[1], words) if found else None


def split_title(title: str, words: Mapping[str, _Word]) -> tuple[_Word | None, str]:
    """The phase that a title is marked with, and the title without the mark."""
    for pattern in (_MARKED, _LED):
        found = pattern.match(title)
        word = labelled(found[1], words) if found else None
        if found and word is not None and found.end() < len(title):
            return word, title[found.end() :]
    for pattern in (_TRAILED, re.compile(rf"{_MARKED.pattern}$")):
        found = pattern.search(title)
        word = labelled(found[1], words) if found else None
        if found and word is not None and found.start():
            return word, title[: found.start()]
    return None, title


def said(text: str) -> IncidentPhase | None:
    """The phase that a text says an incident is in, in a whole phrase of its first sentences."""
    sentences = [one for one in re.split(r"[.!?\n]+", text[:1500].lower()) if not _CONDITION.search(one)]
    return next((phase for pattern, phase in _SENTENCES if any(map(pattern.search, sentences))), None)


def impact(title: str, text: str, categories: Iterable[str] = ()) -> Impact:
    """How bad an item says it is: as its `Impact: …`, as a category, or in a phrase of its title."""
    graded = _GRADED.search(text)
    stated = _longest(graded[1], IMPACT) if graded else None
    tagged = next((found for one in categories if (found := labelled(one, IMPACT)) is not None), None)
    titled = next((IMPACT[one] for one in IMPACT_IN_TITLE if one in title.lower()), None)
    return next((one for one in (stated, tagged, titled) if one is not None), Impact.UNKNOWN)


def is_work(text: str) -> bool:
    """Whether a title speaks of planned work."""
    return _WORK.search(text) is not None


def _longest(text: str, words: Mapping[str, _Word]) -> _Word | None:
    parts = text.split()
    found = (labelled(" ".join(parts[:count]), words) for count in range(min(len(parts), 4), 0, -1))
    return next((one for one in found if one is not None), None)
