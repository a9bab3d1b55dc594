"""Nothing secret is printed by a command that was not asked for it, whatever is typed and whatever goes wrong."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from sqlalchemy import select
from standins.planted import ADDRESSES, Planted
from standins.terminal import Printed, Typed, printed
from standins.whole import HOME, SIGNING

from bot.__main__ import uptimus
from storage.tables import Delivery, Destination, Thread

HOOK = "https://hooks.example.com/in"
"""The one that was planted, with a header, two secrets and a key of its own."""
SHOWN = {
    "destination secret": {"a webhook's secret", "a former secret", "a webhook's own key"},
    "destination rotate": set[str](),
    "destination add": set[str](),
    "provider hook": {"a hook"},
    "token create": set[str](),
    "export": set(ADDRESSES),
}
"""What they are meant to show of what was planted. (Some make a secret, and show that.)"""
ENDLESS = {"run", "demo", "mcp"}

ASKED = """
    list
    status
    status chargeover
    uptime chargeover
    incidents chargeover
    maintenance
    related chargeover
    search charge
    report chargeover
    report chargeover --format html
    report chargeover --format csv
    audit
    digest
    mute
    destination list
    destination secret <hook>
    destination test <hook>
    deliveries
    deliveries <delivery>
    deliveries --to <hook>
    deliveries --state dead
    replay <delivery>
    replay --dead
    token list
    token list --workspace slack:T1
    provider list
    provider hook chargeover
    slack workspaces
    slack manifest --many
    export
    export --opml
    export --with-secrets
    db check
"""
"""What answers, or should."""
CHANGING = """
    follow chargeover --to <hook>
    follow chargeover --to console:
    unfollow chargeover --to console:
    mute chargeover
    digest daily
    destination add <hook> --type incident.*  --untested
    destination add <hook> --header 'X-Auth: <a header>'
    destination add apprise:ntfy://user:<a key>@127.0.0.1:1/x
    destination test apprise:ntfy://user:<a key>@127.0.0.1:1/x
    destination rotate <hook>
    destination enable <hook>
    token create another
    token revoke another
    provider verify chargeover
    provider rename chargeover Charge
    provider merge charge nobody
    slack open T1
    db rekey
    db upgrade
    db backup backup.db --with-key
    export file.json --with-secrets
    import file.json
    db copy sqlite:///backup.db sqlite:///copy.db
    destination remove <hook>
    provider remove charge
"""
WRONG = """
    nothing
    status <a header>
    destination secret <a key>
    destination test https://hooks.example.com/nobodys
    destination add https://user:<a key>@hooks.example.com/x
    destination add https://hooks.example.com/x --header '<a header>'
    destination add https://hooks.example.com/x --header 'Host: <a header>'
    destination add https://hooks.example.com/x --key <a key>
    destination add https://hooks.example.com/x --format pagerduty --key '<a key> and more'
    destination add https://hooks.example.com/x --format opsgenie --key <a key>
    destination add https://hooks.example.com/x --template '{"a": <a key>'
    destination add https://hooks.example.com/x --template @<folder>
    destination add https://hooks.example.com/x --header 'X-Auth: <a header>' --template '["{{ nothing }}"]'
    destination add apprise:nothing://<a key>
    destination add slack://<bot_token>
    follow https://user:<a key>@127.0.0.1:1/
    follow chargeover --to apprise:nothing://<a key>
    check https://user:<a key>@127.0.0.1:1/
    deliveries <a key>
    replay <a key>
    import <folder>
    import nothing.json
    db restore backup.db
    db copy <database> postgres://u:<a key>@127.0.0.1:1/x
    db copy nothing.db 'postgres://u:<a key>@[/x'
    discord invite
    discord sync
    slack open <bot_token>
"""
"""What is refused. Some of it is a secret that was typed in the wrong place."""
REPEATED = {"status <a header>", "destination secret <a key>"}
"""Where what was typed is taken for a name, and named again."""
BROKEN = (
    {"DATABASE_URL": "postgres://u:<a key>@127.0.0.1:1/x"},
    {"DATABASE_URL": "mysql://u:<a key>@127.0.0.1:1/x"},
    {"DATABASE_URL": "<a key>"},
    {"UPTIMUS_SECRET_KEY": "<a key>"},
    {"SMTP_URL": "smpt://user:<a key>@127.0.0.1"},
    {"SLACK_API_URL": "https://<a key>@slack.com/"},
    {"DISCORD_API_URL": "https://<a key>@discord.com/"},
    {"UPTIMUS_HEARTBEAT_URL": "<a key>"},
)


def settings(planted: Planted) -> dict[str, str]:
    """Those of the server, as they stand in an environment."""
    return {
        "DATABASE_URL": planted.whole.settings.database_url, "UPTIMUS_SECRET_KEY": planted.whole.key,
        "COLUMNS": "10000",  # or what is long would be broken, and not be found
        "UPTIMUS_PUBLIC_URL": HOME, "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "client-secret-canary",
        "SLACK_SIGNING_SECRET": SIGNING, "SLACK_API_URL": "http://127.0.0.1:1/api/",
        "DISCORD_TOKEN": "discord.token.canary", "DISCORD_API_URL": "http://127.0.0.1:1/api/v10",
        "SMTP_URL": "smtp://user:smtp-password-canary@127.0.0.1:1", "MAIL_FROM": "status@example.com",
    }  # fmt: skip


def lines(text: str, planted: Planted, folder: Path) -> Iterator[Typed]:
    """What is typed, line by line, with what was planted filled in."""
    about = {"folder": str(folder), "hook": HOOK, "database": planted.whole.settings.database_url}
    for line in text.strip().splitlines():
        yield Typed(shlex.split(filled(line, planted.canaries | about)))


def filled(word: str, about: Mapping[str, str]) -> str:
    """With what stands for each `<name>`."""
    return re.sub("<([a-z_ ]+)>", lambda found: about[found[1]], word)


def commands(group: click.Group = uptimus, name: str = "") -> Iterator[str]:
    """Every command there is."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}{word} ")
        else:
            yield f"{name}{word}"


def command_of(words: str) -> str:
    return next((one for one in commands() if f"{words} ".startswith(f"{one} ")), "")


def test_every_command_is_called() -> None:
    called = {command_of(line.strip()) for line in (ASKED + CHANGING + WRONG).splitlines()}
    assert called - {""} == set(commands()) - ENDLESS


def refused_well(one: Printed) -> bool:
    """In one line, without a word of how we are made."""
    return one.code == 2 or (one.code == 1 and one.err.startswith("uptimus: ") and one.err.count("\n") == 1)


PLAIN = {"export", "manifest", "db", "html", "csv"}
"""Part of what has no --json."""


UNREACHED = {"destination test", "replay"}
"""What tries to reach the receiver, which is not there."""


async def test_what_is_asked_for_shows_what_it_is_asked_for_alone(planted: Planted, tmp_path: Path) -> None:
    about = {"delivery": await failed(planted)}
    asked = [Typed(shlex.split(filled(line, about | {"hook": HOOK}))) for line in ASKED.strip().splitlines()]
    asked += [Typed([*one.words, "--json"]) for one in asked if not PLAIN & {*one.words}]
    shown: dict[str, set[str]] = {}
    for one in await printed(asked, tmp_path, settings(planted)):
        shown.setdefault(command_of(one.words), set()).update(planted.seen_in(one.out + one.err))
        assert one.code == 0 or (refused_well(one) and command_of(one.words) in UNREACHED), one
        assert ("gAAAA" in one.out) is ("--with-secrets" in one.words), one.words
    assert {name: seen for name, seen in shown.items() if seen} == {
        name: meant for name, meant in SHOWN.items() if meant
    }


async def failed(planted: Planted) -> str:
    """A delivery to the webhook that was given up: its name."""
    async with planted.whole.database.write() as session:
        row = (await session.scalars(select(Destination).where(Destination.uri == HOOK))).one()
        thread = Thread(destination_id=row.id, subject_id=1, cursor=1, head=1, due_at=None, attempt=0, begun=True)
        session.add(thread)
        await session.flush()
        now = planted.whole.services.now()
        session.add(Delivery(thread_id=thread.id, sequence=1, state="dead", finished_at=now))
        return f"{thread.id}.1"


async def test_what_changes_something_shows_no_other_secret(planted: Planted, tmp_path: Path) -> None:
    for one in await printed(list(lines(CHANGING, planted, tmp_path)), tmp_path, settings(planted)):
        assert planted.seen_in(one.out + one.err) == [], one.words
        assert one.code == 0 or refused_well(one), one


async def test_what_is_refused_is_refused_without_what_was_typed(planted: Planted, tmp_path: Path) -> None:
    plain = [line.strip() for line in WRONG.strip().splitlines()]
    for line, one in zip(
        plain, await printed(list(lines(WRONG, planted, tmp_path)), tmp_path, settings(planted)), strict=True
    ):
        assert refused_well(one), one
        assert bool(planted.seen_in(one.out + one.err)) is (line in REPEATED), one


async def test_a_wrong_setting_is_named_and_not_shown(planted: Planted, tmp_path: Path) -> None:
    broken = [
        Typed(["destination", "list"], {name: filled(value, planted.canaries) for name, value in one.items()})
        for one in BROKEN
    ]
    for one in await printed(broken, tmp_path, settings(planted)):
        assert planted.seen_in(one.out + one.err) == [], one
        assert (one.code, refused_well(one)) == (1, True), one
