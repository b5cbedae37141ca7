"""The house keeps its shape: floors and arrows, first lines, sizes, and no text of a person in a log call."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
FLOORS = ("privacy", "workers", "server")
LONGEST_FILE = 400
#: Has to be one file, since it is carried away and run alone.
ONE_PIECE = "standalone_verifier.py"
LONGEST_FUNCTION = 50
MODULES = sorted(path for floor in (*FLOORS, "migrations") for path in (ROOT / floor).rglob("*.py"))
#: A log call whose sentence is made before the log can check its arguments.
LEAKS = {
    "G001": 'log.info("{}".format(name))',
    "G002": 'log.info("%s" % name)',
    "G003": 'log.info("sent " + name)',
    "G004": 'log.info(f"sent {name}")',
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a file with its number of lines; a table of words in it is data and does not count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            tables = [part for part in ast.walk(node) if isinstance(part, ast.Dict) and _constant(part)]
            yield node.name, _lines(node) - sum(_lines(table) - 1 for table in tables)


def _lines(node: ast.stmt | ast.expr) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _constant(table: ast.Dict) -> bool:
    return all(isinstance(key, ast.Constant) for key in table.keys)


def test_the_contracts_of_the_floors_are_kept() -> None:
    done = subprocess.run([TOOLS / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text))
    assert text.startswith('"""')
    assert said
    assert said.splitlines()[0].endswith((".", "?", "!", ":"))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_file_is_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE or path.parent.name == "versions" or path.name == ONE_PIECE


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name != "versions"], ids=named)
def test_no_function_is_long(path: Path) -> None:
    assert [name for name, lines in functions(path) if lines > LONGEST_FUNCTION] == []


@pytest.mark.parametrize("rule", LEAKS)
@pytest.mark.parametrize("floor", FLOORS)
def test_a_log_call_that_writes_a_text_into_its_sentence_is_refused(rule: str, floor: str) -> None:
    call = f"log = logging.getLogger(__name__)\n\n\ndef send(name: str) -> None:\n    {LEAKS[rule]}\n"
    done = subprocess.run(
        [
            TOOLS / "ruff",
            "check",
            "--no-cache",
            "--output-format=concise",
            f"--stdin-filename={floor}/invented.py",
            "-",
        ],
        cwd=ROOT,
        input=f'"""Invented."""\n\nimport logging\n\n{call}',
        capture_output=True,
        text=True,
        check=False,
    )
    assert f" {rule} " in done.stdout


def test_no_log_call_of_ours_is_let_off() -> None:
    allowed = [named(path) for path in MODULES if "noqa: G" in path.read_text(encoding="utf-8")]
    assert allowed == []


def test_all_tables_of_a_floor_come_with_its_package_of_models() -> None:
    """Where a table were mapped elsewhere, a process could miss it."""
    mapped = {
        named(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Base" for base in node.bases)
    }
    homes = (
        "workers/models/", "server/models/", "privacy/base.py", "privacy/breach.py", "privacy/consent.py",
        "privacy/disclosure.py", "privacy/hold.py", "privacy/installation.py", "privacy/journal.py",
        "privacy/ledger.py", "privacy/recipient.py", "privacy/request.py",
    )  # fmt: skip
    assert [name for name in mapped if not name.startswith(homes)] == []
