"""A browser without a window: a Flask test client that fills in forms as people do, forgery token included."""

import re
from dataclasses import dataclass, field
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.services import outbox
from server.web import afterwards
from workers.jobs import send_mail
from workers.models import Mail
from workers.runtime.process import Process

PASSWORD = "ein Satz nur für Tests"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_LINK = re.compile(r"http://\S+")


@dataclass
class Browser:
    """One browser with its cookies. `page` is the last page as text, `path` its address after redirects."""

    app: Flask
    process: Process
    language: str = "en"
    client: FlaskClient = field(init=False)
    page: str = ""
    path: str = ""
    status: int = 0

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str) -> "Browser":
        """Opens a page and follows redirects."""
        return self._see(self.client.get(path, follow_redirects=True, headers=self._headers()))

    def post(self, path: str, **form: str) -> "Browser":
        """Sends a form with the token of the page that was open."""
        token = _TOKEN.search(self.page) or _TOKEN.search(self.get("/imprint").page)
        assert token is not None
        data = {"csrf_token": token[1], **form}
        return self._see(self.client.post(path, data=data, follow_redirects=True, headers=self._headers()))

    def sign_up(self, email: str = "ann@garten.test", password: str = PASSWORD, year: str = "1990") -> "Browser":
        """Fills in the form of the sign-up page."""
        self.get("/sign-up")
        return self.post("/sign-up", year=year, email=email, password=password)

    def join(self, email: str = "ann@garten.test", password: str = PASSWORD) -> "Browser":
        """Signs up and follows the link in the mail, to the end."""
        self.sign_up(email, password)
        link = self.link(email)
        self.get(link)
        return self.post(link, password=password)

    def sign_in(self, email: str = "ann@garten.test", password: str = PASSWORD) -> "Browser":
        """Fills in the form of the sign-in page."""
        self.get("/sign-in")
        return self.post("/sign-in", email=email, password=password)

    def agree(self, purpose: str = "scoring/bluesky", answer: str = "yes") -> "Browser":
        """Reads a notice and answers."""
        self.get(f"/consent/{purpose}")
        digest = re.search(r'name="digest" value="(\w+)"', self.page)
        assert digest is not None, self.page
        return self.post(f"/consent/{purpose}", answer=answer, digest=digest[1])

    def mails(self, email: str) -> list[outbox.Shown]:
        """The mails to an address, newest first, once the worker has sent what waits."""
        with self.process.reading() as session:
            waiting = [mail.id for mail in session.query(Mail).order_by(Mail.created_at)]
        for mail_id in waiting:
            send_mail(mail_id)
        return [mail for mail in outbox.read_outbox(self.process.settings) if mail.recipient == email]

    def link(self, email: str) -> str:
        """The path of the link in the newest mail to an address."""
        found = _LINK.search(self.mails(email)[0].text)
        assert found is not None
        return found[0].removeprefix(self.process.settings.public_url)

    def says(self, sentence: str) -> bool:
        """Is the sentence on the page?"""
        return sentence in " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page)).split())

    def _headers(self) -> dict[str, str]:
        return {"Accept-Language": self.language}

    def _see(self, response: TestResponse) -> "Browser":
        self.page, self.status, self.path = response.get_data(as_text=True), response.status_code, response.request.path
        response.close()
        afterwards.wait(self.app)
        return self
