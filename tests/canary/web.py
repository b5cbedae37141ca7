"""What a person does in the web, by HTTP alone: sign in, look at pages, order the download, have everything deleted."""

import io
import re
import time
import zipfile
from dataclasses import dataclass, field
from typing import Self

import httpx

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_PATIENCE = 30.0
_PAGES = ("/", "/score", "/connections", "/consent", "/data", "/account", "/privacy", "/methodology", "/data/delete")


@dataclass
class Visitor:
    """Somebody with a browser; what they send carries their token in address and headers as well."""

    url: str
    token: str
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"User-Agent": f"browser {self.token}", "Accept-Language": "en"}
        self.client = httpx.Client(base_url=self.url, headers=headers, follow_redirects=True, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str) -> httpx.Response:
        """Opens a page."""
        return self.client.get(path)

    def post(self, path: str, page: str = "/imprint", **form: str) -> httpx.Response:
        """Sends a form with the token of a page."""
        found = _TOKEN.search(self.get(page).text)
        assert found is not None
        return self.client.post(path, data={"csrf_token": found[1], **form})

    def sign_in(self, email: str, password: str) -> None:
        """Signs in; first with a wrong password, as happens."""
        self.post("/sign-in", email=email, password=f"wrong {self.token}")
        self.post("/forgot", email=email)
        answer = self.post("/sign-in", email=email, password=password)
        assert answer.status_code == 200, answer.text
        assert "/sign-in" not in str(answer.url)

    def look_around(self) -> list[int]:
        """Opens pages, with the token where it does not belong, and asks for what there is not."""
        strange = [
            f"/nothing/{self.token}",
            f"/score?x={self.token}",
            f"/me/{self.token}",
            f"/connections/{self.token}",
        ]
        return [self.get(path).status_code for path in (*_PAGES, *strange)]

    def download(self, password: str) -> dict[str, bytes]:
        """Orders the download and waits for it."""
        self.post("/data/export", page="/data", password=password)
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            link = re.search(r'href="(/data/export/\w+/1)"', self.get("/data").text)
            if link is not None:
                with zipfile.ZipFile(io.BytesIO(self.get(link[1]).content)) as packed:
                    return {name: packed.read(name) for name in packed.namelist()}
            time.sleep(0.1)
        raise AssertionError("the download was not made")

    def leave(self, password: str) -> str:
        """Has everything deleted and waits for the end; the certificate."""
        answer = self.post("/data/delete", page="/data/delete", when="now", reactions="yes", password=password)
        assert "/erasure/" in str(answer.url), answer.text
        path = answer.url.path
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self.get(f"{path}/progress").json()["state"] == "done":
                return self.get(f"{path}/certificate").text
            time.sleep(0.1)
        raise AssertionError("the erasure did not end")
