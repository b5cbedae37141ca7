"""Commands for the transparency log."""

import click

from privacy.ledger import LogBrokenError
from server.cli.frame import main, with_settings
from workers import logbook
from workers.runtime.process import Process
from workers.runtime.settings import Settings


@main.group()
def log() -> None:
    """The transparency log."""


@log.command("verify")
@with_settings
def log_verify(settings: Settings) -> None:
    """Check the whole log, its published checkpoints and every row of the database against it: exit 0, or 1."""
    process = Process(settings)
    try:
        size, waiting = logbook.verify(process)
    except LogBrokenError as error:
        raise click.ClickException(f"does not hold: {error}") from None
    finally:
        process.close()
    click.echo(f"holds: {size} leaves, and every row that is in the log; {waiting} still wait to be appended")
