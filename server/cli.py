"""The command line `klarwert`: starts the processes, manages accounts, collects, scores; it alone knows every floor."""

import logging
import os
import resource
import secrets
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click
from sqlalchemy import select

from privacy import redact
from privacy.installation import WrongKeyRingError
from privacy.keyring import WrongMasterKeyError
from privacy.ledger import LogBrokenError
from server import demo, processes, running
from server.models import Account, Role
from server.services import accounts, bundles, connections
from server.services.bundles import Reader
from server.services.missing import MissingError
from server.services.organisations import organisation
from server.services.passwords import MIN_LENGTH, hash_password
from workers import logbook
from workers.catalogue import NETWORKS
from workers.jobs.objecting import ObjectionError, add_objection
from workers.runtime.embedded import EmbeddedRedisError
from workers.runtime.process import Process
from workers.runtime.settings import Settings, SettingsError, read
from workers.scoring import standalone_verifier
from workers.scoring.case import score_case
from workers.scoring.signals import BadSignals
from workers.topics.importing import Imported, import_table
from workers.topics.table import BadTableError, write_table
from workers.topics.taxonomy import own_giver

P = ParamSpec("P")
#: Errors whose text is for the person at the command line.
_SENTENCES = (SettingsError, WrongMasterKeyError, WrongKeyRingError, EmbeddedRedisError, running.PartDiesError)
_LANGUAGES = click.Choice(["de", "en"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Klarwert: an influence score that can be proven."""


def with_settings(function: Callable[Concatenate[Settings, P], None]) -> Callable[P, None]:
    """Gives a command the settings, with a clean log; a setting that is wrong ends it with a sentence."""

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold keys and people (R29)
            os.umask(0o077)
            settings = read()
            redact.set_up(logging.getLevelNamesMapping()[settings.log_level])
            function(settings, *args, **kwargs)
        except _SENTENCES as error:
            raise click.ClickException(str(error)) from None

    return command


def _prepare(settings: Settings) -> Settings:
    settings = running.prepare(settings)
    _make_sure(settings)
    return settings


def _make_sure(settings: Settings) -> None:
    """Nothing runs on stores that do not belong together, or with invented people among real ones."""
    Process(settings).make_sure()
    demo.keep_apart(settings)


@main.command()
@with_settings
def run(settings: Settings) -> None:
    """Prepare everything on the first start, then run web, workers, schedule and the embedded Redis."""
    settings = _prepare(settings)
    if settings.demo:
        demo.make(settings)
    process = Process(settings)
    with process.working() as work:
        logbook.note_model(work)
    with process.reading() as session:
        nobody = session.scalar(select(Account.id).where(Account.role == Role.ADMIN.value).limit(1)) is None
    process.close()
    click.echo(f"Klarwert: {settings.public_url}")
    if settings.demo:
        click.echo(demo.HOW_TO_SIGN_IN)
    elif nobody:
        click.echo("No administrator yet: .venv/bin/klarwert user add --role admin YOUR@ADDRESS")
    sys.stdout.flush()
    running.run_all(settings)


def _with_parent(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        processes.die_with_parent()


with_parent = click.option(
    "--with-parent", is_flag=True, hidden=True, expose_value=False, is_eager=True, callback=_with_parent
)


@main.command()
@with_parent
@with_settings
def web(settings: Settings) -> None:
    """Serve the pages."""
    _make_sure(settings)
    processes.web(settings)


@main.command()
@with_parent
@click.option("--burst", is_flag=True, help="End when the queue is empty.")
@with_settings
def worker(settings: Settings, burst: bool) -> None:
    """Run jobs."""
    _make_sure(settings)
    processes.work(settings, burst=burst)


@main.command()
@with_parent
@with_settings
def schedule(settings: Settings) -> None:
    """Send what is due, again and again."""
    _make_sure(settings)
    processes.plan(settings)


@main.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date."""
    _prepare(settings)


@main.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.PARTICIPANT.value)
@click.option("--language", type=_LANGUAGES, default="de")
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input.")
@with_settings
def user_add(settings: Settings, email: str, role: str, language: str, password_stdin: bool) -> None:
    """Make an account, or give one that is there a role. Without --password-stdin a password is made and printed."""
    settings = _prepare(settings)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(15)
    if len(password) < MIN_LENGTH:
        raise click.ClickException(f"the password needs at least {MIN_LENGTH} characters")
    if "@" not in email.strip("@"):
        raise click.ClickException("this is not an e-mail address")
    with Process(settings).working() as work:
        if accounts.set_role(work, email, Role(role)):
            click.echo(f"The account was there already and has the role {role} now; its password stays.")
            return
        accounts.create(work, email, hash_password(password), language, Role(role), confirmed=True)
    click.echo(f"Made an account with the role {role}." + ("" if password_stdin else f" Password: {password}"))


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@with_settings
def user_role(settings: Settings, email: str, role: str) -> None:
    """Give an account another role."""
    with Process(settings).working() as work:
        if not accounts.set_role(work, email, Role(role)):
            raise click.ClickException("there is no account with this address")
    click.echo(f"The account has the role {role} now.")


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


@main.command()
@with_settings
def collect(settings: Settings) -> None:
    """Have every proven account read now."""
    process = Process(settings)
    with process.working() as work:
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
    process = Process(settings)
    yesterday = process.clock().date() - timedelta(days=1)
    if day != yesterday:
        # An older score is final, and could not be made again: its signals are partly deleted, others are new.
        raise click.ClickException(
            f"--day must name the day that has just ended (UTC), {yesterday}: the scores of earlier days are final, "
            "and what they were made of is not all stored any more. Or name a file with --signals"
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
    process = Process(settings)
    reader = Reader.AUDITOR if auditor else Reader.PERSON
    try:
        with process.reading() as session:
            name = organisation(session, settings).name
        made = bundles.bundle(process, subject, name, reader, day.date() if day else None)
    except MissingError as error:
        raise click.ClickException(str(error)) from None
    finally:
        process.close()
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


@main.group()
def objection() -> None:
    """Objections of people who react and take no part (Art. 21)."""


@objection.command("add")
@click.argument("network", type=click.Choice(list(NETWORKS)))
@click.argument("handle")
@with_settings
def objection_add(settings: Settings, network: str, handle: str) -> None:
    """Take an account's reactions out of all scores, now and for good. Make sure first that it is theirs."""
    process = Process(settings)
    try:
        people = add_objection(process, network, handle)
    except ObjectionError as error:
        raise click.ClickException(f"not taken: {error}") from None
    finally:
        process.close()
    click.echo(f"Taken. Reactions went from the signals of {people} participants.")


if __name__ == "__main__":
    main()
