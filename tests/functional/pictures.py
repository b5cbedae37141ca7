"""`bin/pictures`: draws the pictures of the README anew, from a demo that is made for it."""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from server.services.organisations import DEMO_LOGIN
from tests.functional.conftest import CHROMIUM
from tests.functional.installation import Installation

PLACE = Path(__file__).parents[2] / "docs" / "pictures"
#: Name of the picture, who looks, and at what.
PICTURES = (
    ("score", "participant", "/score"),
    ("explanation", "participant", "/explanation"),
    ("desk", "dpo", "/desk"),
)
_SIZE = {"width": 1100, "height": 1180}


def main() -> None:
    """Starts the demo, takes the pictures, ends it."""
    with tempfile.TemporaryDirectory(prefix="klarwert-pictures-") as folder, sync_playwright() as playwright:
        house = Installation(Path(folder), {"KLARWERT_DEMO": "true"})
        house.start()
        try:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
            for name, role, path in PICTURES:
                page = chromium.new_context(locale="en-GB", viewport=_SIZE, reduced_motion="reduce").new_page()
                page.goto(f"{house.url}/sign-in")
                page.click("button[name=lang][value=en]")
                page.fill("#email", DEMO_LOGIN[role])
                page.fill("#password", DEMO_LOGIN["password"])
                page.press("#password", "Enter")
                page.wait_for_url(lambda url: "/sign-in" not in url)
                page.goto(house.url + path, wait_until="networkidle")
                page.screenshot(path=PLACE / f"{name}.png")
                sys.stdout.write(f"docs/pictures/{name}.png\n")
            chromium.close()
        finally:
            house.stop()


if __name__ == "__main__":
    main()
