"""`python -m server.cli` is `klarwert`."""

from server.cli.frame import main

if __name__ == "__main__":
    main()
