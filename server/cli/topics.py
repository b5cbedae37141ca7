"""Commands for the topics that posts can be given."""

from pathlib import Path

import click

from server.cli.frame import main, with_settings
from workers.runtime.settings import Settings
from workers.topics.importing import Imported, import_table
from workers.topics.table import BadTableError, write_table
from workers.topics.taxonomy import own_giver


@main.group()
def topics() -> None:
    """The topics that posts can be given."""


@topics.command("check")
@click.argument("table", type=click.Path(path_type=Path))
def topics_check(table: Path) -> None:
    """Say what an import of a table (slug, name_en, name_de, aliases, parent) would take and leave out."""
    _tell(_imported(table))


@topics.command("import")
@click.argument("table", type=click.Path(path_type=Path))
@with_settings
def topics_import(settings: Settings, table: Path) -> None:
    """Use a table of topics instead of the ones that come with Klarwert, thinned of what may not be one."""
    found = _imported(table)
    settings.data.mkdir(parents=True, exist_ok=True)
    unfinished = settings.topics_table.with_suffix(".new")
    unfinished.write_text(write_table(found.topics), encoding="utf-8")
    unfinished.replace(settings.topics_table)  # a worker reads the old table or the new one, and no half of it
    _tell(found)


def _imported(table: Path) -> Imported:
    try:
        return import_table(table.read_text(encoding="utf-8"), own_giver())
    except (OSError, UnicodeDecodeError):
        raise click.ClickException("the file cannot be read as UTF-8 text") from None
    except BadTableError as error:
        raise click.ClickException(str(error)) from None


def _tell(found: Imported) -> None:
    click.echo(f"{len(found.topics)} topics, of them {sum(not topic.parent for topic in found.topics)} areas.")
    click.echo(f"{len(found.thinned)} left out, no posts may be sorted by them: {', '.join(found.thinned) or '-'}")
    click.echo(f"{found.aliases} aliases left out for the same reason.")
    click.echo(f"{len(found.doubled)} left out as doubles: {', '.join(found.doubled) or '-'}")
    click.echo("Please read the topics that stay: a list of words does not know every name.")
