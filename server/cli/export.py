"""Commands for downloads of everything that is stored about a person."""

from pathlib import Path

import click

from privacy.check import NotWholeError, check_export
from server.cli.frame import privacy_group
from server.services.contents import EXPLANATION
from workers.scoring import standalone_verifier


@privacy_group.command("check-export")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--key", metavar="PUBKEY", help="The instance's public key, 64 hex digits.")
def check(files: tuple[Path, ...], key: str | None) -> None:
    """Check a download, all its ZIP files together, offline: exit 0, or 1 with the first thing that does not hold."""
    try:
        found = check_export(files)
        if EXPLANATION in found.short:
            for line in standalone_verifier.verify(found.short[EXPLANATION], key):
                click.echo(line)
    except (NotWholeError, standalone_verifier.DoesNotHoldError) as error:
        raise click.ClickException(f"does not hold: {_shown(error)}") from None
    click.echo(
        f"holds: {found.files} files as of {_shown(found.made_at)}, {sum(found.rows.values())} rows, none is missing"
    )
    click.echo(f"{found.leaves} entries of the public log are proven")


def _shown(said: object) -> str:
    """What may come from the file, with nothing in it that a terminal would obey."""
    return ascii(str(said))[1:-1]
