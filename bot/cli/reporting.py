"""report: a provider's month, as text, as a page to print, as CSV."""

import sys
from pathlib import Path

import click

from bot.cli.shell import as_json, awaited, printed, with_services
from bot.commands.reply import CommandError


@click.command()
@click.argument("provider")
@click.option("--month", metavar="YYYY-MM", help="The present one by default.")
@click.option("--format", "form", type=click.Choice(["text", "html", "csv"]), default="text", show_default=True)
@click.option("--zone", help="Whose days: Europe/Berlin; UTC by default.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output."
)
@as_json
@awaited
async def report(
    provider: str, month: str | None, form: str, zone: str | None, output: Path | None, as_json: bool
) -> None:
    """A month of a provider: both uptimes, incidents, how long they took, how soon its page told of them."""
    from bot.reports import as_csv, as_html, as_text
    from bot.reports.report import month as gathered

    async with with_services() as parts:
        found = await gathered(parts, provider, month, zone)
    if form == "text" or as_json:
        if output is not None:
            raise click.UsageError("--output goes with --format html or csv")
        printed(as_text.text(found), as_json)
        return
    document = as_html.document(found) if form == "html" else as_csv.document(found)
    if output is None:
        sys.stdout.reconfigure(newline="")  # type: ignore[union-attr]  # lines of CSV end as they do
        click.echo(document, nl=False)
        return
    _write(output, document)


def _write(output: Path, document: str) -> None:
    try:
        output.write_text(document, encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{output} can't be written ({error.strerror})") from None


COMMANDS = (report,)
