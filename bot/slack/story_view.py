"""The whole story of one incident or maintenance, in a dialog. Pure."""

import json
from collections.abc import Iterator

from bot.slack import inputs
from bot.slack.inputs import MOST_BLOCKS, Block, View
from relay.messages import Card, Entry
from relay.transports.slack_blocks import EMOJI
from relay.transports.slack_text import SECTION, date, link, short, take, words
from relay.wording import plain

MOST_CHARACTERS = 200_000
"""Of the story as JSON: Slack refuses views of about 250,000."""
FIRST = 2
"""Updates that are kept from the beginning where the story is too long to be shown whole."""


def story_view(card: Card) -> View:
    """Everything that is known of it, the oldest update first; of a story that is too long the beginning and the
    end."""
    state = [f"*{EMOJI[card.status]} {short(card.state, 300)}*"]
    facts = [f"{fact.label}: {words(fact.words)}" for fact in card.facts]
    top = [
        inputs.header(card.headline),
        inputs.section("\n".join([*state, *facts])),
        *([inputs.section(text) for text in _affected(card)]),
    ]
    bottom = [inputs.context(link(card.url, "Read it on the status page"))] if card.url else []
    told = _told(card, MOST_BLOCKS - len(top) - len(bottom) - 1)
    return inputs.modal("story", "Details", [*top, *told, *bottom])


def _affected(card: Card) -> Iterator[str]:
    """The components with their present state, in as many texts as they need; at most two."""
    lines = [f"{EMOJI[one.status]} {short(one.name, 80)}: {plain(one.status)}" for one in card.affected]
    if not lines:
        return
    text, texts = "*Affected components*", []
    for number, line in enumerate(lines):
        if len(text) + len(line) + 1 > SECTION - 40:
            texts.append(text)
            text = "…"
            if len(texts) == 2:
                texts[-1] += f"\n… and {len(lines) - number} more"
                break
        text += f"\n{line}"
    yield from [*texts, text][:2]


def _told(card: Card, most: int) -> list[Block]:
    """The updates, each whole; those in the middle are counted where there is no room for all."""
    entries = [_entry(entry) for entry in card.story]
    if _fits(entries, most):
        return [block for entry in entries for block in entry]
    first, last = entries[:FIRST], entries[FIRST:]
    left = 0
    while last and not _fits([*first, *last], most):
        last, left = last[1:], left + 1
    if not last:  # two updates that long: each cut
        first, left = [_cut(entry, most // FIRST) for entry in first], len(entries) - FIRST
    more = f"{left} more updates" if left else "that is not all"
    gap = inputs.context(f"… {more}: {link(card.url, 'read on on the status page')}")
    return [block for entry in [*first, [gap], *last] for block in entry]


def _fits(entries: list[list[Block]], most: int) -> bool:
    blocks = [block for entry in entries for block in entry]
    return len(blocks) <= most and len(json.dumps(blocks)) <= MOST_CHARACTERS


def _cut(entry: list[Block], most: int) -> list[Block]:
    """The beginning of an update that alone is too long."""
    kept = entry[:most]
    while len(kept) > 1 and len(json.dumps(kept)) > MOST_CHARACTERS // FIRST:
        kept = kept[:-1]
    return kept


def _entry(entry: Entry) -> list[Block]:
    """One update, however long."""
    lead = f"*{short(entry.label, 80)}* · {date(entry.at)}"
    first, rest = take(entry.body, SECTION - len(lead) - 1)
    texts = [f"{lead}\n{first.strip()}" if first.strip() else lead]
    while rest:
        text, rest = take(rest, SECTION)
        texts += [text] if text.strip() else []
    return [inputs.section(text) for text in texts]
