"""Commands for accounts."""

import secrets
import sys

import click

from privacy.ledger import note
from server.cli.frame import LANGUAGES, at_work, main, prepare, with_settings
from server.models import Role
from server.services import accounts, security
from server.services.passwords import MIN_LENGTH, hash_password
from workers.runtime.process import Process
from workers.runtime.settings import Settings


@main.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.PARTICIPANT.value)
@click.option("--language", type=LANGUAGES, default="de")
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input.")
@with_settings
def user_add(settings: Settings, email: str, role: str, language: str, password_stdin: bool) -> None:
    """Make an account, or give one that is there a role. Without --password-stdin a password is made and printed."""
    settings = prepare(settings)
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
    with at_work(settings) as process, process.working() as work:
        if not accounts.set_role(work, email, Role(role)):
            raise click.ClickException("there is no account with this address")
    click.echo(f"The account has the role {role} now.")


@user.command("factor-off")
@click.argument("email")
@with_settings
def user_factor_off(settings: Settings, email: str) -> None:
    """Take away a second factor whose app and recovery codes are lost. Make sure first that it is their person."""
    with at_work(settings) as process, process.working() as work:
        account = accounts.by_email(work.session, work.ring, email)
        if account is None:
            raise click.ClickException("there is no account with this address")
        security.drop_app(work, account)
        note(work.session, work.now, "second factor removed", account.subject_id)
    click.echo("The password alone signs in now. The person is told by mail.")
