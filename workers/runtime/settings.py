"""The settings of one installation: read once from the environment, frozen, passed in."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from privacy.deadlines import STATES
from privacy.keyring import KEY_BYTES, MasterKeys

_PREFIX = "KLARWERT_"
_SOCKET_LENGTH = 100
_STORE = validate.Regexp(r"(sqlite:///|postgresql\+psycopg://)", error="must be sqlite:///… or postgresql+psycopg://…")


class SettingsError(ValueError):
    """A setting is missing or wrong. The sentence names the setting, never its value."""


@dataclass(frozen=True)
class Organisation:
    """Who runs this installation and answers for it; sign-up stays closed until all of it is said (R3)."""

    name: str = ""
    address: str = ""
    contact: str = ""
    dpo: str = ""
    authority: str = ""
    imprint: str = ""
    state: str = ""
    """The federal state whose holidays count for due dates, such as `BE`; nothing waits for it."""

    @property
    def address_in_a_line(self) -> str:
        """The address as a sentence has it: it is typed as on an envelope."""
        return ", ".join(line.strip(" ,") for line in self.address.splitlines() if line.strip(" ,"))

    @property
    def complete(self) -> bool:
        """Is everything said that a notice has to name?"""
        return all((self.name, self.address, self.contact, self.dpo, self.authority, self.imprint))


@dataclass(frozen=True)
class Settings:
    """One installation. `docs/settings.md` explains each; in the environment they are `KLARWERT_` and the name."""

    data: Path
    database: str = field(repr=False)
    keyring: str = field(repr=False)
    ledger: str = field(repr=False)
    """Where the hashes of the transparency log lie; no restore of the database touches it."""
    master_keys: tuple[bytes, ...] = field(repr=False)
    """The first wraps keys, others still open what they wrapped; none before the first start."""
    master_file: Path | None
    """The file they are from; None where the environment names them."""
    vault: str = field(repr=False)
    """Folder or fsspec address of the signals' files."""
    buckets: int
    """Into how many files the signals are divided; fixed at the first start."""
    redis: str = field(repr=False)
    """Address of Redis or Valkey; empty for the embedded server."""
    host: str
    port: int
    public_url: str
    organisation: Organisation
    smtp: str = field(repr=False)
    mail_from: str
    bluesky_appview: str
    firehose: str
    allowed_origins: frozenset[str]
    proxies: int
    threads: int
    workers: int
    demo: bool
    log_level: str
    backups: Path
    key_backups: Path
    backup_days: int
    """How old a backup may get: the journal, and keys of replaced files, are kept for as long."""
    backup_recipient: bytes = field(repr=False)
    """The public key that key backups are encrypted for; empty where none is set."""

    @property
    def secure(self) -> bool:
        """Do people reach it by https?"""
        return self.public_url.startswith("https://")

    def masters(self) -> MasterKeys:
        """The master keys; from the file they are read again where a running process meets one that it does not know.

        Raises `WrongMasterKeyError`.
        """
        return MasterKeys(self.master_keys, self.master_keys_now)

    def master_keys_now(self) -> tuple[bytes, ...]:
        """The master keys as they are this moment."""
        return _master_keys("", self.master_file) if self.master_file else self.master_keys

    @property
    def outbox(self) -> Path:
        """Where mails lie without a mail server."""
        return self.data / "outbox"

    @property
    def downloads(self) -> Path:
        """Where finished exports wait for their person, encrypted."""
        return self.data / "downloads"

    @property
    def archives(self) -> Path:
        """Where archives that people bring lie, encrypted, until they are read."""
        return self.data / "archives"

    @property
    def topics_table(self) -> Path:
        """The operator's own taxonomy, if there is one: `klarwert topics import` puts it here."""
        return self.data / "topics.tsv"

    @property
    def socket(self) -> Path:
        """The embedded Redis listens here, and nowhere else. The system allows about 100 characters for such a path."""
        path = self.data / "redis" / "redis.sock"
        if len(str(path)) < _SOCKET_LENGTH:
            return path
        folder = f"klarwert-{os.getuid()}-{sha256(str(self.data).encode()).hexdigest()[:12]}"
        return Path(gettempdir()) / folder / "redis.sock"

    @property
    def redis_url(self) -> str:
        """Where Redis is, embedded or not."""
        return self.redis or f"unix://{self.socket}"


class _Environment(Schema):
    """What the environment may say; `docs/settings.md` lists the same names (a test compares them)."""

    class Meta:
        unknown = EXCLUDE

    data = fields.String(load_default="data", validate=validate.Length(min=1))
    database = fields.String(load_default="", validate=_STORE)
    keyring = fields.String(load_default="", validate=_STORE)
    ledger = fields.String(load_default="", validate=_STORE)
    master_key = fields.String(load_default="")
    vault = fields.String(load_default="")
    buckets = fields.Integer(load_default=16, validate=validate.Range(1, 65536))
    redis = fields.String(load_default="", validate=validate.Regexp(r"(rediss?|unix)://"))
    host = fields.String(load_default="127.0.0.1", validate=validate.Length(min=1))
    port = fields.Integer(load_default=8000, validate=validate.Range(1, 65535))
    public_url = fields.Url(load_default="", schemes={"http", "https"}, require_tld=False)
    organisation_name = fields.String(load_default="")
    organisation_address = fields.String(load_default="")
    organisation_contact = fields.String(load_default="")
    organisation_dpo = fields.String(load_default="")
    organisation_authority = fields.String(load_default="")
    organisation_imprint = fields.String(load_default="")
    organisation_state = fields.String(load_default="", validate=validate.OneOf(STATES))
    smtp = fields.String(load_default="", validate=validate.Regexp(r"smtps?://"))
    mail_from = fields.String(load_default="klarwert@localhost", validate=validate.Length(min=3))
    bluesky_appview = fields.Url(
        load_default="https://public.api.bsky.app", schemes={"http", "https"}, require_tld=False
    )
    firehose = fields.Url(load_default="", schemes={"ws", "wss"}, require_tld=False)
    allowed_origins = fields.String(load_default="", validate=validate.Regexp(r"(https?://[^/ ]+ ?)*$"))
    proxies = fields.Integer(load_default=0, validate=validate.Range(0, 5))
    threads = fields.Integer(load_default=8, validate=validate.Range(1, 64))
    workers = fields.Integer(load_default=2, validate=validate.Range(1, 64))
    demo = fields.Boolean(load_default=False)
    backups = fields.String(load_default="")
    key_backups = fields.String(load_default="")
    backup_days = fields.Integer(load_default=30, validate=validate.Range(1, 366))
    backup_recipient = fields.String(load_default="", validate=validate.Regexp(r"[0-9a-f]{64}$"))
    log_level = fields.String(load_default="INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings. Raises `SettingsError` naming the settings that are wrong."""
    said = _said(os.environ if environment is None else environment)
    data = Path(said["data"]).resolve()
    master_file = data / "keys" / "master.key"
    return Settings(
        data=data,
        database=said["database"] or f"sqlite:///{data / 'klarwert.sqlite'}",
        keyring=said["keyring"] or f"sqlite:///{data / 'keys' / 'keyring.sqlite'}",
        ledger=said["ledger"] or f"sqlite:///{data / 'keys' / 'ledger.sqlite'}",
        master_keys=_master_keys(said["master_key"], master_file),
        master_file=None if said["master_key"] else master_file,
        vault=said["vault"] or str(data / "vault"),
        buckets=said["buckets"],
        redis=said["redis"],
        host=said["host"],
        port=said["port"],
        public_url=(said["public_url"] or f"http://{said['host']}:{said['port']}").rstrip("/"),
        organisation=Organisation(**{name: said[f"organisation_{name}"] for name in Organisation.__annotations__}),
        smtp=said["smtp"],
        mail_from=said["mail_from"],
        bluesky_appview=said["bluesky_appview"].rstrip("/"),
        firehose=said["firehose"].rstrip("/"),
        allowed_origins=frozenset(said["allowed_origins"].split()),
        proxies=said["proxies"],
        threads=said["threads"],
        workers=said["workers"],
        demo=said["demo"],
        log_level=said["log_level"],
        backups=Path(said["backups"] or data / "backups").resolve(),
        key_backups=Path(said["key_backups"] or data / "keys" / "backups").resolve(),
        backup_days=said["backup_days"],
        backup_recipient=bytes.fromhex(said["backup_recipient"]),
    )


def names() -> set[str]:
    """Names of all settings, as the environment has them."""
    return {_PREFIX + name.upper() for name in _Environment().fields}


def _said(environment: Mapping[str, str]) -> dict[str, Any]:
    given = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_PREFIX) and value != ""
    }
    try:
        return dict(_Environment().load(given))
    except ValidationError as error:
        wrong = ", ".join(sorted(_PREFIX + str(name).upper() for name in error.messages_dict))
        raise SettingsError(f"these settings are wrong, see docs/settings.md: {wrong}") from None


def _master_keys(said: str, path: Path) -> tuple[bytes, ...]:
    """The master keys: each 32 bytes in Base64, from the environment, else from the file that the first start makes."""
    try:
        words = said.split() or path.read_text(encoding="ascii").split()
        keys = tuple(base64.b64decode(word, validate=True) for word in words)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError):
        keys = ()
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise SettingsError("KLARWERT_MASTER_KEY (or the file keys/master.key) is not 32 bytes in Base64")
    return keys
