"""Commands that start processes, and the schema they need."""

import os
import shlex
import shutil
import sys

import click
from sqlalchemy import select

from server import demo, processes, running
from server.cli.frame import main, make_sure, prepare, with_settings
from server.models import Account, Role
from workers.runtime.process import Process
from workers.runtime.settings import Settings


@main.command()
@with_settings
def run(settings: Settings) -> None:
    """Prepare everything on the first start, then run web, workers, schedule and the embedded Redis."""
    settings = prepare(settings)
    if settings.demo:
        demo.make(settings)
    process = Process(settings)
    with process.reading() as session:
        nobody = session.scalar(select(Account.id).where(Account.role == Role.ADMIN.value).limit(1)) is None
    process.close()

    def welcome() -> None:
        click.echo(f"Klarwert: {settings.public_url}")
        if settings.demo:
            click.echo(demo.HOW_TO_SIGN_IN)
        elif nobody:
            click.echo(f"No administrator yet: {_ourselves(settings)} user add --role admin YOUR@ADDRESS")
        if not settings.demo and not settings.smtp:
            click.echo(f"No mail server (KLARWERT_SMTP): mails are not sent, they lie in {settings.outbox}")
        sys.stdout.flush()

    running.run_all(settings, welcome)


def _ourselves(settings: Settings) -> str:
    """How somebody calls this program in another terminal, for the same data folder."""
    folder = f"KLARWERT_DATA={shlex.quote(str(settings.data))} " if "KLARWERT_DATA" in os.environ else ""
    return folder + ("klarwert" if shutil.which("klarwert") else ".venv/bin/klarwert")


@main.command("demo")
@click.option("--participants", type=click.IntRange(1, 1_000_000), required=True, help="So many invented people.")
@with_settings
def demo_command(settings: Settings, participants: int) -> None:
    """Make a demo with very many invented people in a new folder (KLARWERT_DEMO=true); then `klarwert run` shows it."""
    if not settings.demo:
        raise click.ClickException("KLARWERT_DEMO is not true: invented people never get among real ones")
    settings = prepare(settings)
    if not demo.make(settings, participants):
        raise click.ClickException("there is a demo in this folder already: name a new one in KLARWERT_DATA")
    click.echo(f"Made {max(participants, len(demo.cast()))} invented people.")
    click.echo(demo.HOW_TO_SIGN_IN)


def _with_parent(_context: click.Context, _option: click.Parameter, value: int | None) -> None:
    if value is not None:
        processes.die_with_parent(value)


with_parent = click.option(
    "--with-parent", type=int, metavar="PID", hidden=True, expose_value=False, is_eager=True, callback=_with_parent
)


@main.command()
@with_parent
@with_settings
def web(settings: Settings) -> None:
    """Serve the pages."""
    make_sure(settings)
    processes.web(settings)


@main.command()
@with_parent
@click.option("--burst", is_flag=True, help="End when the queue is empty.")
@with_settings
def worker(settings: Settings, burst: bool) -> None:
    """Run jobs."""
    make_sure(settings)
    processes.work(settings, burst=burst)


@main.command()
@with_parent
@with_settings
def schedule(settings: Settings) -> None:
    """Send what is due, again and again."""
    make_sure(settings)
    processes.plan(settings)


@main.command()
@with_parent
@with_settings
def live(settings: Settings) -> None:
    """Read Bluesky's firehose, so that reactions arrive within seconds (KLARWERT_FIREHOSE names the relay)."""
    if not settings.firehose:
        raise click.ClickException("KLARWERT_FIREHOSE names no relay: live reading is off")
    make_sure(settings)
    processes.listen(settings)


@main.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date."""
    prepare(settings)
