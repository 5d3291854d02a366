"""`secrets`: the credentials that the database keeps sealed."""

from __future__ import annotations

import typer

from server.command import fail, opened, quiet_settings, run
from server.keyring import rotate as rotated
from server.settings import Settings
from storage.sealing import SealedError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def main() -> None:
    """Credentials that are kept sealed."""


@app.command()
def rotate() -> None:
    """Seal every credential under a new key.

    With a key file: stop the server first. The new key goes on top of the file; keep the older ones as long as you
    keep copies of the database.

    With VAANI_ENCRYPTION_KEY: put the new key in front of the old one, a comma between, restart every server, then
    run this. After it the old one can go.
    """
    settings = quiet_settings()
    try:
        count = run(_rotate(settings))
    except SealedError as error:
        fail(f"Nothing was sealed again. {error}", 1)
    typer.echo(f"Sealed under the current key: {count} record{'s' if count != 1 else ''} that had an older one.")


async def _rotate(settings: Settings) -> int:
    async with opened(settings) as database:
        return await rotated(settings, database)
