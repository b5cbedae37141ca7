"""What every network has to keep to, tried on a folder of invented answers each: `docs/networks/adding.md`."""
