"""Commands that read, score, explain and verify."""

from datetime import date, datetime, timedelta
from pathlib import Path

import click

from server.cli.frame import at_work, main, with_settings
from server.services import bundles, connections
from server.services.bundles import Reader
from server.services.missing import MissingError
from server.services.organisations import organisation
from workers.runtime.settings import Settings
from workers.scoring import standalone_verifier
from workers.scoring.case import score_case
from workers.scoring.signals import BadSignals


@main.command()
@with_settings
def collect(settings: Settings) -> None:
    """Have every proven account read now."""
    with at_work(settings) as process, process.working() as work:
        number = connections.read_all(work)
    click.echo(f"{number} readings sent to the workers.")


@main.command()
@click.option("--signals", type=click.Path(path_type=Path), help="Score the signals of one case in this file, offline.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The score day (UTC): any for a file, else yesterday.")
def score(signals: Path | None, day: datetime | None) -> None:
    """Score one case from a file and print JSON, or have everybody scored for the day that has just ended."""
    wanted = day.date() if day else None
    if signals is None:
        _score_everybody(day=wanted)
        return
    try:
        click.echo(score_case(signals.read_text(encoding="utf-8"), wanted))
    except (OSError, UnicodeDecodeError):
        raise click.ClickException("the file cannot be read as UTF-8 text") from None
    except BadSignals as error:
        raise click.ClickException(str(error)) from None


@with_settings
def _score_everybody(settings: Settings, day: date | None) -> None:
    with at_work(settings) as process:
        yesterday = process.clock().date() - timedelta(days=1)
        if day != yesterday:
            # An older score is final, and could not be made again: its signals are partly deleted, others are new.
            raise click.ClickException(
                f"--day must name the day that has just ended (UTC), {yesterday}: the scores of earlier days are "
                "final, and what they were made of is not all stored any more. Or name a file with --signals"
            )
        process.queue.send("score_day", day.isoformat())
    click.echo(f"The scoring of {day} was sent to the workers.")


@main.command()
@click.option("--subject", required=True, metavar="ID", help="The id of the subject, as their own export has it.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day of their newest score; another one is refused.")
@click.option("--auditor", is_flag=True, help="Labels instead of the addresses of posts.")
@with_settings
def explain(settings: Settings, subject: str, day: datetime | None, *, auditor: bool) -> None:
    """Print the signed explanation of a score, to be kept in a file and checked with `klarwert verify`."""
    reader = Reader.AUDITOR if auditor else Reader.PERSON
    with at_work(settings) as process:
        with process.reading() as session:
            name = organisation(session, settings).name
        try:
            made = bundles.bundle(process, subject, name, reader, day.date() if day else None)
        except MissingError as error:
            raise click.ClickException(str(error)) from None
    click.echo(made.text, nl=False)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", metavar="PUBKEY", help="The instance's public key, 64 hex digits.")
def verify(file: Path, key: str | None) -> None:
    """Check a signed explanation, offline: exit 0, or 1 with the first thing that does not hold."""
    try:
        for line in standalone_verifier.check_file(file, key):
            click.echo(line)
    except standalone_verifier.DoesNotHoldError as error:
        raise click.ClickException(f"does not hold: {error}") from None
