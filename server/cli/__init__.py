"""The command line `klarwert`: starts the processes, manages accounts, collects, scores; it alone knows every floor."""

from server.cli import backup, export, keys, log, objection, privacy, running, scores, topics, user
from server.cli.frame import main

#: Loading these makes their commands known.
COMMANDS = (running, user, topics, scores, export, log, objection, privacy, keys, backup)

__all__ = ["COMMANDS", "main"]
