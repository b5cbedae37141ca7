"""Commands for objections of people who take no part."""

import click

from server.cli.frame import at_work, main, with_settings
from workers.catalogue import NETWORKS
from workers.jobs.objecting import ObjectionError, add_objection
from workers.runtime.settings import Settings


@main.group()
def objection() -> None:
    """Objections of people who react and take no part (Art. 21)."""


@objection.command("add")
@click.argument("network", type=click.Choice(list(NETWORKS)))
@click.argument("handle")
@with_settings
def objection_add(settings: Settings, network: str, handle: str) -> None:
    """Take an account's reactions out of all scores, now and for good. Make sure first that it is theirs."""
    with at_work(settings) as process:
        try:
            people = add_objection(process, network, handle)
        except ObjectionError as error:
            raise click.ClickException(f"not taken: {error}") from None
    click.echo(f"Taken. Reactions went from the signals of {people} participants.")
