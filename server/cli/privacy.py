"""Commands for what is held and why: documents printed from the declarations, and what retention would delete."""

import click

from privacy.documents.dpv import as_jsonld
from privacy.documents.page import Document
from privacy.documents.render import as_html, as_json, as_markdown
from privacy.documents.write import DOCUMENTS
from server.cli.frame import LANGUAGES, prepare, privacy_group, with_settings
from server.services import documents, organisations
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.settings import Settings

_ABOUT = {
    "inventory": "Every place of data with all its columns.",
    "ropa": "The record of processing (Art. 30); as JSON it is JSON-LD in the terms of the W3C's DPV.",
    "notice": "The notice for people who take part (Art. 13).",
    "notice14": "The notice for people who react and take no part (Art. 14).",
    "dpia": "A draft of the data protection impact assessment (Art. 35).",
    "measures": "The technical and organisational measures (Art. 32).",
    "processor": "A template of an agreement with a processor (Art. 28).",
}
_lang = click.option("--lang", type=LANGUAGES, default="de", help="Language of the document.")
_format = click.option("--format", "form", type=click.Choice(["html", "md", "json"]), default="md", help="Form.")


def _print(settings: Settings, name: str, lang: str, form: str) -> None:
    process = Process(prepare(settings))
    try:
        with process.reading() as session:
            who = organisations.organisation(session, process.settings)
        if (name, form) == ("ropa", "json"):
            today = process.clock().date()
            click.echo(as_jsonld(documents.facts(process, who, lang, today)), nl=False)
        else:
            click.echo(_written(documents.document(process, who, name, lang), form), nl=False)
    finally:
        process.close()


def _written(document: Document, form: str) -> str:
    return {"html": as_html, "md": as_markdown, "json": as_json}[form](document)


def _command(name: str) -> None:
    @privacy_group.command(name, help=_ABOUT[name])
    @_lang
    @_format
    @with_settings
    def printed(settings: Settings, lang: str, form: str) -> None:
        _print(settings, name, lang, form)


for _name in DOCUMENTS:
    if _name in _ABOUT:
        _command(_name)


@privacy_group.command("retention")
@_lang
@_format
@click.option("--dry-run", is_flag=True, help="Count what the next run would delete, and delete nothing.")
@with_settings
def retention(settings: Settings, lang: str, form: str, *, dry_run: bool) -> None:
    """The table of deletion rules (DIN 66398), or what they would delete now."""
    if not dry_run:
        _print(settings, "retention", lang, form)
        return
    process = Process(prepare(settings))
    try:
        with process.reading() as session:
            found = holdings(process).due(session, process.clock())
    finally:
        process.close()
    click.echo(f"{'kind':<24}{'there':>10}{'due':>10}{'overdue':>10}")
    for kind, due in sorted(found.items()):
        click.echo(f"{kind:<24}{'-' if due.things is None else due.things:>10}{due.due:>10}{due.late:>10}")
