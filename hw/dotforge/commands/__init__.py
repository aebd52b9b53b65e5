"""One module a command; each has a click ``command``. Adding a file adds a command."""
