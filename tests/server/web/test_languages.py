"""Adding a language is adding one catalogue: a pseudo language in a folder of its own, on the pages of every part."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from server.services.words import CATALOGUES

pytestmark = pytest.mark.slow

#: Asked by a process of its own, for which there are three languages: status, language and heading of each page.
_ASK = """
import re, sys
from dataclasses import replace
from pathlib import Path
from server.services import words
words.CATALOGUES = Path(sys.argv[1])
words.LANGUAGES = ("de", "en", "fr")
import server.app, server.processes
from server import demo
from server.app import create_app
from server.cli.frame import prepare
from server.services.organisations import DEMO_LOGIN
from tests.bench.pages import _pages, _sign_in
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process
from workers.runtime.settings import read
settings = prepare(read())
with embedded_redis(settings.socket, settings.data / "redis"):
    demo.make(settings)
    app = create_app(Process(settings))
    for number, role in enumerate(("participant", "admin", "auditor")):
        client = app.test_client()
        client.environ_base |= {"REMOTE_ADDR": f"10.0.0.{number}", "HTTP_ACCEPT_LANGUAGE": "fr"}
        _sign_in(client, DEMO_LOGIN[role])
        token = re.search('name="csrf_token" value="([^"]+)"', client.get("/imprint").text)[1]
        client.post("/language", data={"csrf_token": token, "lang": "fr", "next": "/imprint"})
        for path in _pages(client):
            answer = client.get(path)
            if answer.mimetype == "text/html":
                print(path, re.search('<html lang="(..)"', answer.text)[1], "«" in answer.text)
"""


def pseudo(folder: Path) -> None:
    """The catalogues with one more, in which every text stands in other quotation marks."""
    shutil.copytree(CATALOGUES, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with (CATALOGUES / "en/LC_MESSAGES/messages.po").open("rb") as file:
        english = read_po(file)
    made = Catalog(locale="fr", charset="utf-8", fuzzy=False)
    for message in english:
        if message.id:
            texts = [f"«{text}»" for text in ([message.id] if isinstance(message.id, str) else message.id)]
            made.add(message.id, texts[0] if isinstance(message.id, str) else tuple(texts), flags=message.flags)
    place = folder / "fr/LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "messages.po").open("wb") as file:
        write_po(file, made)
    with (place / "messages.mo").open("wb") as file:
        write_mo(file, made)


def test_every_page_answers_in_a_language_that_is_one_catalogue_more(tmp_path: Path) -> None:
    pseudo(tmp_path / "translations")
    settings = {"KLARWERT_DEMO": "true", "KLARWERT_DATA": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(tmp_path / "translations")],
        env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    pages = [line.split() for line in done.stdout.splitlines()]
    assert len(pages) > 80
    assert [page for page in pages if page[1:] != ["fr", "True"]] == []
