"""What people see and do: pages, accounts, command line, and the composition of all floors into processes."""
