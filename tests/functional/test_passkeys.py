"""A passkey by keys alone, in a real browser with a device that Chromium plays: made, signed in with, taken away."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Open, picture
from tests.functional.installation import ORGANISATION, Installation
from tests.functional.keys import Keys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

EMAIL = "mira@beispiel.example"
PASSWORD = "eine ruhige Wiese am Bach"


def with_device(page: Page) -> None:
    """Gives the browser a device that keeps passkeys and says that its person was there."""
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_out(page: Page) -> None:
    Keys(page).press(page.locator("form.leave button"))
    page.wait_for_url("**/")


def test_a_passkey_signs_in_and_a_code_follows_the_password(
    install: Callable[..., Installation], open_page: Open
) -> None:
    house = install(**ORGANISATION)
    port = urlsplit(house.url).port
    house.stop()
    house.url = f"http://localhost:{port}"  # a passkey belongs to a name, not to a number
    house.environment["KLARWERT_PUBLIC_URL"] = house.url
    house.command("user", "add", EMAIL, "--password-stdin", "--role", "staff", text=PASSWORD)
    house.start()
    page = open_page(viewport={"width": 390, "height": 844})
    with_device(page)
    type_password(page, house)
    expect(page.locator(".notice.info").first).to_contain_text("zweiten Faktor")

    add_passkey(page, house)
    secret = add_app(page, house)
    look(page, house)
    sign_out(page)

    # Without a password, and without a code: the device has asked who it is.
    page.goto(f"{house.url}/sign-in?next=/account/security")
    picture(page, "security-sign-in")
    Keys(page).press(page.locator("#use-passkey [type=submit]"))
    page.wait_for_url("**/account/security")
    sign_out(page)

    # With the password, a code is asked for.
    type_password(page, house)
    page.wait_for_url("**/sign-in/code")
    picture(page, "security-code")
    time.sleep(31 - time.time() % 30)  # a code that was not used for setting up
    page.fill("[name=code]", pyotp.TOTP(secret).now())
    page.click("main form [type=submit]")
    expect(page).not_to_have_url(re.compile("sign-in"))
    remove_passkey(page, house)


def type_password(page: Page, house: Installation) -> None:
    page.goto(f"{house.url}/sign-in")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("main form[novalidate] [type=submit]")


def add_passkey(page: Page, house: Installation) -> None:
    keys = Keys(page)
    open_menu(page, keys)
    keys.press(page.locator("details.slim a[href$='/account']"))
    page.wait_for_url("**/account")
    keys.press(page.locator("#content a[href$='/account/security']"))
    page.wait_for_url("**/account/security")
    keys.press(page.locator("#content a[href$='/security/passkey']"))
    page.wait_for_url("**/account/security/passkey")
    picture(page, "security-passkey-phone")
    keys.write(page.locator("[name=password]"), "falsch geraten")
    keys.press(page.locator("#new-passkey [type=submit]"))
    expect(page.locator("[data-error]")).to_have_text("Das ist nicht dein Passwort.")
    keys.write(page.locator("[name=password]"), PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/security")
    expect(page.locator("#content")).to_contain_text("Dein Passkey ist bereit")
    expect(page.locator("#content")).to_contain_text("Chrome, Linux")


def open_menu(page: Page, keys: Keys) -> None:
    """On a phone the menu is folded: nothing of it is in the way of the Tab key before it is opened."""
    expect(page.locator("details.slim a").first).not_to_be_visible()
    expect(page.locator("nav.wide")).not_to_be_visible()
    keys.press(page.locator("details.slim > summary"))
    expect(page.locator("details.slim a").first).to_be_visible()
    picture(page, "menu-phone")


def add_app(page: Page, house: Installation) -> str:
    """Sets the second factor up; its secret."""
    page.goto(f"{house.url}/account/security/app")
    page.fill("[name=password]", PASSWORD)
    page.click("main form [type=submit]")
    secret = page.locator("code.code").inner_text().replace(" ", "")
    picture(page, "security-app-phone")
    assert page.locator("img.qr").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.fill("[name=code]", pyotp.TOTP(secret).now())
    page.click("main form [type=submit]")
    expect(page.locator(".recovery code")).to_have_count(10)
    picture(page, "security-codes-phone")
    return secret


def look(page: Page, house: Installation) -> None:
    page.goto(f"{house.url}/account/security")
    picture(page, "security-phone")
    page.set_viewport_size({"width": 1280, "height": 900})
    picture(page, "security-desktop")
    page.emulate_media(color_scheme="dark")
    picture(page, "security-desktop-dark")
    page.emulate_media(color_scheme="light")


def remove_passkey(page: Page, house: Installation) -> None:
    """Taken away, it opens nothing any more, although the device still has it."""
    page.goto(f"{house.url}/account/security")
    keys = Keys(page)
    keys.press(page.locator("#content a[href$='/off']:has-text('Entfernen'):not([href*='app'])"))
    keys.write(page.locator("[name=password]"), PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/security")
    sign_out(page)
    page.goto(f"{house.url}/sign-in")
    keys.press(page.locator("#use-passkey [type=submit]"))
    expect(page.locator(".notice.bad")).to_contain_text("Dieser Passkey passt nicht")
