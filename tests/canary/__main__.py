"""The canary as a command: `python -m tests.canary [--all]`; the last line has the figures, exit 1 on any hit."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.canary.run import Canary, Figures, on_sqlite


def main() -> int:
    """Runs it and prints what came of it."""
    parser = argparse.ArgumentParser(prog="bin/canary", description=__doc__)
    parser.add_argument("--all", action="store_true", help="also PostgreSQL, restored backups, reacting people, errors")
    chosen = parser.parse_args()
    start, figures, failures = time.monotonic(), Figures(), 0
    runs: list[Canary] = [on_sqlite]
    if chosen.all:
        from tests.canary.more import MORE

        runs += MORE
    for run in runs:
        with tempfile.TemporaryDirectory(prefix="kw-canary-") as folder:
            found = run(Path(folder))
        figures += found
        for line in found.faults:
            print(f"FAIL {run.__name__}: {line}")  # noqa: T201 - a command line of its own
            failures += 1
    seconds = time.monotonic() - start
    print(f"canary: {figures.line()}, {failures} failures, {seconds:.0f} s")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
