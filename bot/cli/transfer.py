"""export and import: what is followed, as a file."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.shell import as_json, awaited, said, with_services
from bot.commands.reply import CommandError

if TYPE_CHECKING:
    from bot.commands.services import Services
    from bot.portable.importing import Imported
    from bot.portable.opml import Outline

LARGEST = 50_000_000


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-secrets", is_flag=True, help="Encrypted as they are: for an uptimus with the same key.")
@click.option("--opml", "as_opml", is_flag=True, help="The providers alone, as OPML, for a feed reader.")
@awaited
async def export(file: Path | None, with_secrets: bool, as_opml: bool) -> None:
    """Write what is followed, where and how to FILE or standard output. Addresses may be secrets themselves."""
    from bot.portable import exporting, opml
    from storage import providers

    if with_secrets and as_opml:
        raise click.UsageError("--with-secrets and --opml don't go together")
    async with with_services() as parts, parts.database.read() as session:
        if as_opml:
            text = opml.written(await providers.followed(session), parts.home, parts.now())
        else:
            document = await exporting.exported(session, parts.now(), with_secrets=with_secrets)
            text = document.model_dump_json(by_alias=True, indent=2) + "\n"
    if file is None:
        sys.stdout.write(text)
    else:
        _write(file, text)


def _write(file: Path, text: str) -> None:
    """Whole, and for its owner alone."""
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as made:
            made.write(text)
        Path(name).replace(file)
    except OSError as error:
        raise CommandError(f"{file} can't be written ({error.strerror})") from None


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.option("--to", metavar="DEST", help="Of OPML: where its providers are told; console: by default.")
@as_json
@awaited
async def import_(file: Path, to: str | None, as_json: bool) -> None:
    """Take in what `export` wrote, or follow each page of an OPML file. Again: nothing changes."""
    from bot.portable import document, opml

    text = _read(file)
    try:
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            outlines = opml.read(text.lstrip("\ufeff \t\r\n"))
            async with with_services() as parts:
                await _follow_all(parts, outlines, to, as_json)
            return
        if to is not None:
            raise click.UsageError("--to is for OPML: other files say themselves where things are told")
        wanted = document.read(text)
    except (document.DocumentError, opml.OpmlError) as error:
        raise CommandError(f"{file} can't be taken in: {error}") from None
    from bot.portable import importing

    async with with_services() as parts:
        done = await importing.imported(parts, wanted)
    _show(done, as_json)


def _read(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read(LARGEST + 1) if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} can't be read ({error.strerror})") from None
    if len(data) > LARGEST:
        raise CommandError(f"{file} is larger than {LARGEST // 1_000_000} MB")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not UTF-8") from None


def _show(done: "Imported", as_json: bool) -> None:
    if as_json:
        numbers = {kind: dict(found) for kind, found in done.numbers.items()}
        data = {"imported": numbers, "secrets": done.secrets, "without_key": done.without_key}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for kind, found in done.numbers.items():
        click.echo(f"{kind}: {', '.join(f'{number} {word}' for word, number in sorted(found.items()))}")
    if not done.anything:
        click.echo("Nothing has changed.")
    for uri, secret in done.secrets.items():
        click.echo(f"The new secret of {uri}: {secret}")
    for uri in done.without_key:
        click.echo(
            f"{uri} is disabled: say its key or headers again (`uptimus destination add`), then "
            "`uptimus destination enable`."
        )


async def _follow_all(parts: "Services", outlines: "list[Outline]", to: str | None, as_json: bool) -> None:
    followed, failed = list[dict[str, Any]](), list[str]()
    for one in outlines:
        try:
            followed.append(await _follow(parts, one, to))
        except CommandError as error:
            failed.append(f"{one.title}: {error}")
        else:
            if not as_json:
                click.echo(f"Following {followed[-1]['name']}.")
    if as_json:
        click.echo(json.dumps({"followed": followed, "failed": failed}, indent=2, ensure_ascii=False))
    if failed:
        for reason in failed if not as_json else ():
            click.echo(f"Not followed: {reason}")
        raise CommandError(f"{len(failed)} of {len(outlines)} are not followed")


async def _follow(parts: "Services", one: "Outline", to: str | None) -> dict[str, Any]:
    """By the first of its addresses that works."""
    from bot.commands.follow import follow

    for address in one.addresses[:-1]:
        try:
            reply = await follow(parts, said(provider=address, to=to))
            return dict(reply.data["provider"])
        except CommandError:
            continue
    reply = await follow(parts, said(provider=one.addresses[-1], to=to))
    return dict(reply.data["provider"])


COMMANDS = (export, import_)
