"""`python -m server`."""

from server.cli import app

app(prog_name="python -m server")
