"""What an empty database is given before anybody is served."""

from __future__ import annotations

from datetime import UTC, datetime

from server import demo
from server.settings import Settings
from storage.database import Database
from storage.seed import seed


async def first_start(database: Database, settings: Settings) -> str | None:
    """Makes the first organisation, its key and the demo line, if there is none.

    The key, to be shown once, if it is not one that the operator has chosen.
    """
    chosen = settings.bootstrap_api_key
    async with database.begin() as work:
        made = await seed(
            work,
            now=datetime.now(UTC),
            config=demo.plan(),
            voice_config=demo.VOICE,
            language=demo.LANGUAGE,
            token=chosen.get_secret_value() if chosen is not None else None,
        )
    return made.token if made is not None and chosen is None else None
