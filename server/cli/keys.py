"""Commands for the key ring: its state, a new master key, backups of the keys."""

from pathlib import Path

import click

from privacy.backup import Kind, made_at, newest
from privacy.keyring import KeyRing
from server.cli.frame import main, with_settings
from server.running import prepare_keys
from workers import key_backups, rotation
from workers.runtime.process import Process, utc_now
from workers.runtime.settings import Settings

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@main.group()
def keys() -> None:
    """The keys that open what is stored."""


@keys.command("status")
@with_settings
def keys_status(settings: Settings) -> None:
    """Say which master key wraps how many keys, whose erasure is under way (numbers only), and the newest backup."""
    ring = KeyRing(settings.keyring, settings.masters())
    first = settings.masters().first
    for master, kinds in sorted(ring.counts().items(), key=lambda pair: pair[0] != first):
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        click.echo(f"master key {master}{' (the one that counts)' if master == first else ''}: {counted}")
    if len(settings.master_keys) > 1:
        click.echo("A rotation is not finished: klarwert keys rotate")
    click.echo(f"erasures under way: {len(ring.going())}")
    ring.close()
    last = newest(settings.key_backups, Kind.KEYS)
    click.echo(f"newest key backup: {made_at(last, Kind.KEYS).isoformat() if last else 'none'}")


@keys.command("rotate")
@with_settings
def keys_rotate(settings: Settings) -> None:
    """Wrap every key under a new master key while everything runs. Killed, the same command goes on."""
    process = Process(settings)
    try:
        count = rotation.rotate(process)
    finally:
        process.close()
    click.echo(f"{count} keys wrapped anew; master key {process.settings.masters().first} counts.")
    if settings.master_file is None:
        click.echo("Now set KLARWERT_MASTER_KEY to the new key alone. The old one opens nothing any more.")


@keys.command("pair")
@click.argument("file", type=click.Path(path_type=Path))
def keys_pair(file: Path) -> None:
    """Make the keys for key backups: the private one into FILE (keep it elsewhere), the public one is printed."""
    try:
        public = key_backups.make_pair(file)
    except FileExistsError:
        raise click.ClickException("this file is there already") from None
    click.echo(f"KLARWERT_BACKUP_RECIPIENT={public}")


@keys.command("backup")
@with_settings
def keys_backup(settings: Settings) -> None:
    """Write all keys, encrypted for KLARWERT_BACKUP_RECIPIENT, into the folder KLARWERT_KEY_BACKUPS."""
    process = Process(settings)
    try:
        place, count = key_backups.create(process)
    finally:
        process.close()
    click.echo(f"{place}: {count} keys. Keep it apart from the backups of the database; it may be used for "
               f"{settings.backup_days} days.")  # fmt: skip


@keys.command("restore")
@click.argument("file", type=_FILE)
@click.option("--private-key", type=_FILE, required=True, help="The file that `klarwert keys pair` made.")
@with_settings
def keys_restore(settings: Settings, file: Path, private_key: Path) -> None:
    """Put keys back that are missing; those of people who were erased since stay gone."""
    settings = prepare_keys(settings)
    count = key_backups.restore(settings, utc_now(), file, private_key)
    click.echo(f"{count} keys put back.")
