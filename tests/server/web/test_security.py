"""Signing in safely: a code after the password, recovery codes, and the browsers that are signed in."""

import re
from collections.abc import Callable

import pyotp
import pytest
from sqlalchemy import func, select

from privacy.keyring import token_hash
from server.models import Account, Factor, Login, Passkey, RecoveryCode, Role
from server.services import accounts, factors, security
from server.services.devices import device
from tests.conftest import Clock
from tests.server.browser import PASSWORD, Browser
from workers import jobs
from workers.places import holdings
from workers.runtime.process import Process

EMAIL = "ann@garten.test"
SECRET = re.compile(r'<code class="code">([A-Z2-7 ]+)</code>')
CODE = re.compile(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def code_of(secret: str, clock: Clock) -> str:
    return pyotp.TOTP(secret).at(clock())


def add_app(browser: Browser, clock: Clock) -> tuple[str, list[str]]:
    """Sets the second factor up; the secret and the recovery codes."""
    browser.get("/account/security/app")
    browser.post("/account/security/app", password=PASSWORD)
    found = SECRET.search(browser.page)
    assert found is not None, browser.page
    secret = found[1].replace(" ", "")
    browser.post("/account/security/app", code=code_of(secret, clock))
    codes = CODE.findall(browser.page)
    assert len(codes) == factors.CODES
    clock.go(seconds=60)
    return secret, codes


@pytest.fixture
def count(process: Process) -> Callable[[type], int]:
    def counted(table: type) -> int:
        with process.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    return counted


def test_after_the_password_a_code_is_asked_for(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock
) -> None:
    secret, _ = add_app(ann, clock)
    other = new_browser().sign_in()
    assert (other.path, other.status) == ("/sign-in/code", 200)
    assert other.get("/data").path == "/sign-in"  # not signed in
    other.get("/sign-in/code")
    other.post("/sign-in/code", code="000000")
    assert other.status == 422
    assert other.says("This code does not fit, or was used already.")
    other.post("/sign-in/code", code=f" {code_of(secret, clock)} ")
    assert other.get("/data").path == "/data"
    assert ann.mails(EMAIL)[0].title == "A second factor was added"


def test_a_code_signs_in_once(ann: Browser, new_browser: Callable[..., Browser], clock: Clock) -> None:
    secret, _ = add_app(ann, clock)
    code = code_of(secret, clock)
    assert new_browser().sign_in().post("/sign-in/code", code=code).path != "/sign-in/code"
    again = new_browser().sign_in().post("/sign-in/code", code=code)
    assert (again.path, again.status) == ("/sign-in/code", 422)


def test_codes_of_the_half_minutes_around_count_and_older_ones_do_not(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock
) -> None:
    secret, _ = add_app(ann, clock)
    code = code_of(secret, clock)
    clock.go(seconds=95)
    assert new_browser().sign_in().post("/sign-in/code", code=code).status == 422
    code = code_of(secret, clock)
    clock.go(seconds=29)
    assert new_browser().sign_in().post("/sign-in/code", code=code).path != "/sign-in/code"


def test_a_recovery_code_signs_in_once_and_is_told_by_mail(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock, count: Callable[[type], int]
) -> None:
    _, codes = add_app(ann, clock)
    other = new_browser().sign_in().post("/sign-in/code", code=codes[0].upper())
    assert other.get("/data").path == "/data"
    assert count(RecoveryCode) == factors.CODES - 1
    [mail, *_] = ann.mails(EMAIL)
    assert mail.title == "A recovery code was used"
    assert "9 codes are left" in mail.text
    assert new_browser().sign_in().post("/sign-in/code", code=codes[0]).status == 422


def test_waiting_for_the_code_ends_after_ten_minutes_and_with_the_password(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock
) -> None:
    secret, codes = add_app(ann, clock)
    slow, stolen = new_browser().sign_in(), new_browser().sign_in()
    ann.get("/account")
    ann.post("/account", what="password", old=PASSWORD, new="ein ganz anderer Satz")
    assert stolen.post("/sign-in/code", code=codes[1]).status == 422
    clock.go(minutes=11)
    assert slow.post("/sign-in/code", code=code_of(secret, clock)).path == "/sign-in"


def test_codes_are_tried_a_few_times_only(ann: Browser, new_browser: Callable[..., Browser], clock: Clock) -> None:
    add_app(ann, clock)
    other = new_browser().sign_in()
    statuses = [other.post("/sign-in/code", code=f"{number:06d}").status for number in range(7)]
    assert statuses[:4] == [422] * 4
    assert statuses[-1] == 429


def test_setting_it_up_wants_the_password_and_a_first_code(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock, count: Callable[[type], int]
) -> None:
    ann.get("/account/security/app")
    assert ann.post("/account/security/app", password="falsch geraten").status == 422
    assert count(Factor) == 0
    ann.post("/account/security/app", password=PASSWORD)
    assert ann.get("/account/security/app/qr.svg").page.startswith("<?xml")
    ann.get("/account/security/app")
    assert ann.post("/account/security/app", code="123456").status == 422
    assert new_browser().sign_in().path != "/sign-in/code"  # it does not count yet
    add_app(ann, clock)
    assert ann.get("/account/security/app/qr.svg").status == 404  # shown never again
    assert ann.get("/account/security/app").path == "/account/security"


def test_it_can_be_taken_away_with_the_password(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock, count: Callable[[type], int]
) -> None:
    add_app(ann, clock)
    ann.get("/account/security/app/off")
    assert ann.post("/account/security/app/off", password="falsch geraten").status == 422
    ann.post("/account/security/app/off", password=PASSWORD)
    assert (count(Factor), count(RecoveryCode)) == (0, 0)
    assert ann.mails(EMAIL)[0].title == "The second factor was removed"
    assert new_browser().sign_in().path != "/sign-in/code"


def test_new_recovery_codes_replace_the_old_ones(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock
) -> None:
    _, old = add_app(ann, clock)
    ann.get("/account/security/codes")
    ann.post("/account/security/codes", password=PASSWORD)
    new = CODE.findall(ann.page)
    assert len(set(new) - set(old)) == factors.CODES
    assert new_browser().sign_in().post("/sign-in/code", code=old[0]).status == 422
    assert new_browser().sign_in().post("/sign-in/code", code=new[0]).path != "/sign-in/code"


def test_secrets_are_stored_sealed_or_hashed_only(ann: Browser, clock: Clock, process: Process) -> None:
    secret, codes = add_app(ann, clock)
    process.forget()
    stored = b"".join(path.read_bytes() for path in process.settings.data.glob("klarwert.sqlite*"))
    for text in (secret, *codes, *(code.replace("-", "") for code in codes), "Firefox"):
        assert text.encode() not in stored
    assert token_hash(codes[0].replace("-", "")).encode() in stored


def test_the_browsers_are_shown_by_name_and_system_and_can_be_signed_out(
    ann: Browser, new_browser: Callable[..., Browser], process: Process, count: Callable[[type], int]
) -> None:
    other = new_browser()
    other.get("/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.page)
    assert token is not None
    form = {"csrf_token": token[1], "email": EMAIL, "password": PASSWORD}
    other.client.post("/sign-in", data=form, headers={"User-Agent": FIREFOX})
    ann.get("/account/security")
    assert ann.says("Firefox, Linux")
    assert not ann.says("140")
    [login_id] = re.findall(r'name="browser" value="(\w+)"', ann.page)  # one's own has no button
    ann.post("/account/security/browsers", browser="of somebody else")
    assert count(Login) == 2
    ann.post("/account/security/browsers", browser=login_id)
    assert other.get("/data").path == "/sign-in"
    assert ann.get("/data").path == "/data"


def test_nobody_signs_out_browsers_of_others(ann: Browser, sign_up: Callable[..., Browser], process: Process) -> None:
    sign_up("bea@garten.test")
    with process.reading() as session:
        bea = accounts.by_email(session, process.ring, "bea@garten.test")
        assert bea is not None
        [login] = session.scalars(select(Login).where(Login.account_id == bea.id))
    ann.post("/account/security/browsers", browser=token_hash(login.token_hash)[:16])
    with process.reading() as session:
        assert session.get(Login, login.token_hash) is not None


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Chrome, Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iOS"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 12 Ann's phone) Chrome/141.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_of_a_browser_nothing_is_kept_but_its_name_and_system(agent: str, said: str) -> None:
    assert device(agent) == said


def test_who_sees_data_of_others_is_told_and_not_forced(
    ann: Browser, new_browser: Callable[..., Browser], process: Process, clock: Clock
) -> None:
    with process.working() as work:
        accounts.set_role(work, EMAIL, Role.STAFF)
    other = new_browser().sign_in()
    assert other.says("Your role sees data of others")
    assert other.get("/account/security").says("Please add a second factor or a passkey. You need not.")
    add_app(other, clock)
    assert not other.get("/account/security").says("Your role sees data of others")
    assert not ann.get("/account/security").says("nobody")


def test_everything_of_it_goes_with_the_person(
    ann: Browser, ann_id: str, process: Process, clock: Clock, count: Callable[[type], int]
) -> None:
    add_app(ann, clock)
    jobs.erase(ann_id)
    assert [count(table) for table in (Factor, RecoveryCode, Passkey, Login)] == [0] * 4
    with process.reading() as session:
        assert holdings(process).traces(session, ann_id) == {}


def test_a_password_that_was_reset_by_mail_does_not_go_around_the_code(
    ann: Browser, new_browser: Callable[..., Browser], clock: Clock
) -> None:
    add_app(ann, clock)
    other = new_browser()
    other.get("/forgot")
    other.post("/forgot", email=EMAIL)
    link = other.link(EMAIL)
    other.get(link)
    other.post(link, password="ein ganz anderer Satz")
    assert other.sign_in(password="ein ganz anderer Satz").path == "/sign-in/code"


def test_nobody_waits_who_did_not_type_the_password(browser: Browser) -> None:
    assert browser.get("/sign-in/code").path == "/sign-in"
    assert browser.post("/sign-in/code", code="123456").path == "/sign-in"


@pytest.mark.parametrize(
    "credential", ["", "{", "[]", '{"id": 7}', '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}']
)
def test_a_passkey_that_is_none_signs_nobody_in(browser: Browser, credential: str) -> None:
    browser.get("/sign-in")
    browser.post("/sign-in/passkey", credential=credential)
    assert browser.path == "/sign-in"
    assert browser.says("This passkey does not fit.")


def test_advice_counts_a_passkey_too(ann_id: str, process: Process) -> None:
    with process.reading() as session:
        account = session.scalars(select(Account).where(Account.subject_id == ann_id)).one()
        assert not security.advisable(session, account)
