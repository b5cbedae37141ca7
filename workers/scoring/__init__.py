"""The score model: pure functions of values; it must not know a database, a file, a clock, a network or the web."""
