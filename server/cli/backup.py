"""Commands for backups of the database, and for what a restored one lacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import migrations
from server.cli.frame import at_work, main, with_settings
from server.running import prepare, redis_for
from server.services.replaying import ACTS
from workers import backups, losses, schedule
from workers.backups import Manifest
from workers.replaying import UnknownActError, VaultLacksError, replay, require_vault
from workers.runtime.process import Process
from workers.runtime.settings import Settings

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@main.group()
def backup() -> None:
    """Backups of the database; those of keys are made apart: klarwert keys backup."""


@backup.command("create")
@with_settings
def backup_create(settings: Settings) -> None:
    """Write an encrypted backup into the folder KLARWERT_BACKUPS; everything may run meanwhile."""
    with at_work(settings) as process:  # what is to be erased gets no newer backup
        place, made = backups.create(process, migrations, settings.backups)
    click.echo(f"{place}: {_summary(made)}")


@backup.command("verify")
@click.argument("file", type=_FILE)
@with_settings
def backup_verify(settings: Settings, file: Path) -> None:
    """Read a backup to its end and check every byte: exit 0, or 1 with what is wrong."""
    process = Process(settings)
    try:
        made = backups.verify(process.ring, file)
    finally:
        process.close()
    click.echo(f"whole: {_summary(made)}")


@backup.command("restore")
@click.argument("file", type=_FILE)
@click.option("--journal-lost", is_flag=True, help="The journal's store is lost, and no copy is left.")
@with_settings
def backup_restore(settings: Settings, file: Path, *, journal_lost: bool) -> None:
    """Put a backup in the place of the whole database, then do again what the journal says. Stop everything first."""
    settings = prepare(settings)
    with _alone(settings) as process:
        made = backups.restore(process, migrations, file, journal_lost=journal_lost)
        click.echo(f"restored: {_summary(made)}")
        if journal_lost:
            click.echo(
                "Erasures, withdrawals and objections since then are NOT known: tell the people, see docs/operation.md"
            )
        _replay(process)


@backup.command("replay")
@click.option("--vault-lost", is_flag=True, help="Files of the vault are lost or damaged, and no copy is left.")
@with_settings
def backup_replay(settings: Settings, *, vault_lost: bool) -> None:
    """Do again what a database that was put back by other means lacks. Stop everything first."""
    with _alone(settings) as process:
        if vault_lost:
            numbers = ", ".join(map(str, losses.give_up(process)))
            click.echo(
                f"buckets that begin anew: {numbers}. Their people keep their last score until their accounts are read"
                if numbers
                else "every file of the vault is there and whole"
            )
        _replay(process)


@contextmanager
def _alone(settings: Settings) -> Iterator[Process]:
    """The installation while nothing else runs on it; with its Redis, from which an erasure takes jobs."""
    process = Process(settings)
    try:
        if schedule.runs(process):
            raise click.ClickException("Klarwert is running: stop all its processes first")
        with redis_for(settings):
            yield process
    finally:
        process.close()


def _replay(process: Process) -> None:
    try:
        counts = replay(process, ACTS)
        acts = ", ".join(f"{count} × {act}" for act, count in sorted(counts.items()))
        click.echo(f"replayed: {acts or 'nothing was missing'}")
        require_vault(process)
    except (UnknownActError, VaultLacksError) as error:
        raise click.ClickException(str(error)) from None


def _summary(made: Manifest) -> str:
    rows = sum(made.rows.values())
    lost = f", {len(made.lost)} FILES OF THE VAULT ARE MISSING" if made.lost else ""
    said = f"{rows} rows in {len(made.rows)} tables, of {made.made_at}, schema {made.revision}, journal {made.journal}"
    return said + lost
