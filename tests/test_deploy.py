"""What `deploy/` tells a server: only settings that there are, only services that stand in the same file."""

import re
from pathlib import Path

from workers.runtime.settings import names, read

DEPLOY = Path(__file__).parents[1] / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")


def test_every_setting_that_is_named_there_is_one() -> None:
    files = sorted(path for path in DEPLOY.iterdir() if path.is_file())
    said = {path.name: set(re.findall(r"KLARWERT_[A-Z_]+", path.read_text(encoding="utf-8"))) for path in files}
    assert len(said["compose.yaml"]) > 5
    for name, settings in said.items():
        assert settings <= names(), name


def test_the_containers_are_set_up_with_addresses_of_each_other() -> None:
    services = set(re.findall(r"^  ([a-z]+):", COMPOSE, re.MULTILINE))
    assert {"klarwert", "database", "keys", "queue"} <= services
    block = COMPOSE.split("    environment:", 1)[1].split("    ports:", 1)[0]
    secrets = {"DATABASE_PASSWORD": "one", "KEYS_PASSWORD": "two", "KLARWERT_MASTER_KEY": "A" * 43 + "=",
               "KLARWERT_PUBLIC_URL": "https://klarwert.example"}  # fmt: skip
    given = re.findall(r"^      (KLARWERT_\w+): (.+)$", block, re.MULTILINE)
    filled = {name: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: secrets[found[1]], text) for name, text in given}
    settings = read({name: text.strip('"') for name, text in filled.items()})
    hosts = {re.split(r"[@/:]", address.rpartition("@")[2].removeprefix("redis://"))[0]
             for address in (settings.database, settings.keyring, settings.redis)}  # fmt: skip
    assert hosts == {"database", "keys", "queue"}
    assert settings.proxies == 1
