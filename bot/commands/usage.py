"""How each command is used: its line, what it does, its options, examples: for help, and for wrong uses."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """`line` and `does` fit on one line of the help."""

    line: str
    does: str
    options: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()


_AT = ("#channel, --to <address>", "another channel than this one, the https:// address of a webhook, or mailto:…")
_WHERE = ("#channel", "another channel than this one")

USAGES: dict[str, Usage] = {
    "follow": Usage(
        "follow <provider or page address> [#channel] [options]",
        "tell this channel about it; without a name a dialog opens",
        (
            _AT,
            ("--stream incidents,components,maintenance", "only these, as by default; signals: user reports"),
            ("--component <name>", "only what concerns it; as often as you like"),
            ("--min-impact minor|major|critical", "only what is as grave"),
            ("--thread threads|channel|both|digest", "below the first message, in the channel; or in a digest"),
            ("--loud resolved,raised,reopened|none", "what is shown in the channel as well as in the thread"),
            ("--mention @here,@channel,@person|none", "who is mentioned; --mention-from major: only then"),
            ("--remind 30m|1h|1d|none", "how long before a maintenance it is told again; 1h by default"),
            ("--quiet 22:00-07:00 Europe/Berlin|none", "told as one summary afterwards; --quiet-except critical"),
        ),
        ("follow chargeover --min-impact major --mention @here", "follow https://status.example.com #ops"),
    ),
    "unfollow": Usage("unfollow <provider> [#channel]", "tell no more", (_AT,), ("unfollow chargeover",)),
    "list": Usage("list", "what is followed, and where it is told"),
    "status": Usage("status [provider]", "how things are now", examples=("status", "status chargeover")),
    "uptime": Usage(
        "uptime [provider] [--days 90]", "the last ninety days",
        (("--days 30", "so many days"),), ("uptime chargeover --days 30",),
    ),
    "incidents": Usage("incidents <provider>", "what has happened", examples=("incidents chargeover",)),
    "maintenance": Usage("maintenance [provider]", "planned work", examples=("maintenance chargeover",)),
    "report": Usage(
        "report <provider> [what] [--month 2026-10]",
        "say that you have trouble with it, too; or how a month of it was",
        (
            ("[what]", "a component's name; you are counted, nothing you write or are is kept"),
            ("--month 2026-10", "instead: both uptimes, incidents, how long they took, how soon its page told"),
        ),
        ("report chargeover", "report chargeover login", "report chargeover --month 2026-10"),
    ),
    "search": Usage("search <text>", "providers that can be followed by name", examples=("search payments",)),
    "related": Usage("related <provider>", "what is like it", examples=("related chargeover",)),
    "mute": Usage(
        "mute [provider] [words of the title] [off]",
        "add nothing to the threads of what is active; alone: what is muted",
        (_WHERE, ("off", "speak again; without a name all that is muted")),
        ("mute chargeover", "mute chargeover login outage", "mute chargeover off"),
    ),
    "digest": Usage(
        "digest daily|weekly|off",
        "a summary for this channel; alone: what is set",
        (_AT, ("--at 09:00", "when"), ("--on monday", "which day"), ("--zone Europe/Berlin", "whose clock")),
        ("digest daily --at 09:00 --zone Europe/Berlin", "digest weekly --on monday", "digest off"),
    ),
    "webhook": Usage(
        "webhook add|list|test|remove|… [address] [provider …]",
        "tell an address of yours, signed",
        (
            ("add <https address> [provider …]", "is sent a test event; its secret is shown once, to you alone"),
            ("--format pagerduty --key <key>", "what its body looks like: standard, cloudevents, teams …"),
            ("--header 'Name: value'", "sent with each request; as often as you like"),
            ("--type incident.*,maintenance.*", "only these events; all by default"),
            ("--untested", "accept it whatever it answers now"),
            ("list", "those there are, and how they fare"),
            ("test <address>", "sends it a test event"),
            ("secret, rotate <address>", "its secret again; a new one (the former signs on for 24 hours)"),
            ("deliveries [dead] [address]", "what was sent, what failed and why; deliveries 12.3: every attempt"),
            ("replay 12.3, replay dead|2h [address]", "one once more; all that was given up; all since a time"),
            ("enable <address>", "one that was disabled"),
            ("remove <address>", "with all that it follows"),
        ),
        (
            "webhook add https://hooks.example.com/uptimus chargeover",
            "webhook add https://events.pagerduty.com/v2/enqueue --format pagerduty --key R0UT1NGK3Y",
            "webhook replay dead https://hooks.example.com/uptimus",
        ),
    ),
    "settings": Usage(
        "settings [changes everyone|admins|@person …]", "who may change things here",
        examples=("settings changes admins", "settings changes @ann @bob"),
    ),
    "audit": Usage("audit", "who changed what"),
    "help": Usage("help [command]", "this, or all about one command", examples=("help follow",)),
}  # fmt: skip


def is_typed(workspace: str) -> bool:
    """Whether commands are typed there in words, as USAGES has them. Discord shows each option as it is filled in,
    and of a terminal's commands the shell's --help tells."""
    return workspace.startswith("slack:")


def sentence(name: str) -> str:
    """`Usage: /uptimus …`, to stand behind what was wrong."""
    return f"Usage: /uptimus {USAGES[name].line}"


def with_usage(said: str, name: str) -> str:
    """What was wrong, and how it is done."""
    stop = "" if said.rstrip()[-1:] in ".?!" else "."
    return f"{said.rstrip()}{stop} {sentence(name)}"
