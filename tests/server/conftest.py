"""What tests of the pages stand on: the application on a real installation, and browsers without a window."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from server.app import create_app
from server.models import Account
from server.services import accounts
from tests.server.browser import Browser
from workers.runtime.process import Process


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates, compiled once for all tests: each has an application of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(process: Process, compiled: FileSystemBytecodeCache) -> Flask:
    """The application."""
    made = create_app(process)
    made.jinja_env.bytecode_cache = compiled
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A bare client, for headers and the like."""
    return app.test_client()


@pytest.fixture
def new_browser(app: Flask, process: Process) -> Callable[..., Browser]:
    """Makes browsers: each has cookies of its own."""

    def make(language: str = "en") -> Browser:
        return Browser(app, process, language)

    return make


@pytest.fixture
def browser(new_browser: Callable[..., Browser]) -> Browser:
    """A browser that nobody has signed in with; it wishes English."""
    return new_browser()


@pytest.fixture
def sign_up(new_browser: Callable[..., Browser]) -> Callable[..., Browser]:
    """Makes somebody who has signed up, confirmed the address and is signed in."""

    def joined(email: str = "ann@garten.test", language: str = "en") -> Browser:
        return new_browser(language).join(email)

    return joined


@pytest.fixture
def ann(sign_up: Callable[..., Browser]) -> Browser:
    """The browser of Ann, who is signed in."""
    return sign_up()


@pytest.fixture
def account_of(process: Process) -> Callable[[str], Account]:
    """The account with an address, as it is stored now."""

    def find(email: str) -> Account:
        with process.reading() as session:
            found = accounts.by_email(session, process.ring, email)
            assert found is not None
            return found

    return find


@pytest.fixture
def ann_id(process: Process, ann: Browser, account_of: Callable[[str], Account]) -> str:
    """Ann's subject."""
    return account_of("ann@garten.test").subject_id
