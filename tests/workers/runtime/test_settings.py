"""Settings: complete without any, refused where one is wrong, by its name and never by its value."""

import base64
import os
import stat
from pathlib import Path

import pytest

from workers.runtime import master_file
from workers.runtime.settings import Organisation, SettingsError, names, read

KEY = base64.b64encode(bytes(32)).decode()


def test_nothing_has_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read({})
    assert settings.data == tmp_path / "data"
    assert settings.database == f"sqlite:///{tmp_path}/data/klarwert.sqlite"
    assert settings.keyring == f"sqlite:///{tmp_path}/data/keys/keyring.sqlite"
    assert settings.outbox == tmp_path / "data" / "outbox"
    assert (settings.master_keys, settings.smtp, settings.redis) == ((), "", "")
    assert (settings.public_url, settings.secure, settings.demo) == ("http://127.0.0.1:8000", False, False)
    assert settings.redis_url == f"unix://{settings.socket}"
    assert not settings.organisation.complete


def test_what_is_set_counts(tmp_path: Path) -> None:
    settings = read(
        {
            "KLARWERT_DATA": str(tmp_path),
            "KLARWERT_DATABASE": "postgresql+psycopg://klarwert@db/klarwert",
            "KLARWERT_REDIS": "redis://redis:6379/0",
            "KLARWERT_PUBLIC_URL": "https://klarwert.beispiel.example/",
            "KLARWERT_ALLOWED_ORIGINS": "http://127.0.0.1:3000 http://intranet:8080",
            "KLARWERT_DEMO": "yes",
            "KLARWERT_PORT": "9000",
            "KLARWERT_SMTP": "",
            "KLARWERT_MASTER_KEY": KEY,
            "HOME": "/nowhere",
        }
    )
    assert settings.database.startswith("postgresql+psycopg://")
    assert (settings.redis_url, settings.secure, settings.port) == ("redis://redis:6379/0", True, 9000)
    assert settings.public_url == "https://klarwert.beispiel.example"
    assert settings.allowed_origins == {"http://127.0.0.1:3000", "http://intranet:8080"}
    assert settings.demo
    assert settings.master_keys == (bytes(32),)


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE", "KEYRING", "REDIS", "PORT", "PUBLIC_URL", "SMTP", "BLUESKY_APPVIEW", "ALLOWED_ORIGINS", "PROXIES",
        "THREADS", "WORKERS", "DEMO", "LOG_LEVEL", "MASTER_KEY", "BACKUP_DAYS", "BACKUP_RECIPIENT",
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_and_its_value_is_not(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read({f"KLARWERT_{name}": "geheim-und-falsch"})
    assert f"KLARWERT_{name}" in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    shown = repr(
        read(
            {
                "KLARWERT_MASTER_KEY": KEY,
                "KLARWERT_DATABASE": "postgresql+psycopg://a:geheim@db/x",
                "KLARWERT_REDIS": "redis://:geheim@redis",
                "KLARWERT_SMTP": "smtp://a:geheim@mail",
            }
        )
    )
    assert "geheim" not in shown
    assert repr(bytes(32)) not in shown


def test_the_master_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    master_file.make(path)
    key = read({"KLARWERT_DATA": str(tmp_path)}).master_keys
    master_file.make(path)
    assert read({"KLARWERT_DATA": str(tmp_path)}).master_keys == key
    assert len(key[0]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"kurz", b"\xff\xfe", base64.b64encode(bytes(31)), b""])
def test_a_broken_master_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").write_bytes(content)
    with pytest.raises(SettingsError, match="KLARWERT_MASTER_KEY"):
        read({"KLARWERT_DATA": str(tmp_path)})


def test_a_master_key_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys" / "master.key").mkdir(parents=True)
    with pytest.raises(SettingsError, match="KLARWERT_MASTER_KEY"):
        read({"KLARWERT_DATA": str(tmp_path)})


def test_a_long_data_path_gives_a_short_socket_path(tmp_path: Path) -> None:
    short, long = tmp_path / "a", tmp_path / ("b" * 120)
    assert read({"KLARWERT_DATA": "/srv/klarwert"}).socket == Path("/srv/klarwert/redis/redis.sock")
    sockets = {read({"KLARWERT_DATA": str(path)}).socket for path in (long, long / "c")}
    assert len(sockets) == 2
    assert all(len(str(socket)) < 100 and str(os.getuid()) in str(socket) for socket in sockets)
    assert short != long


def test_the_organisation_is_complete_when_all_is_said() -> None:
    said = {f"KLARWERT_ORGANISATION_{name.upper()}": "x" for name in Organisation.__annotations__ if name != "state"}
    assert read(said).organisation.complete
    assert not read({**said, "KLARWERT_ORGANISATION_DPO": ""}).organisation.complete


def test_every_setting_has_a_name_in_the_environment() -> None:
    assert {"KLARWERT_DATA", "KLARWERT_MASTER_KEY", "KLARWERT_ORGANISATION_DPO"} <= names()
