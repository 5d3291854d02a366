"""The command that trains: all that waits, one after the other, then it ends."""

from __future__ import annotations

from server import logs
from server.command import opened
from server.settings import Settings
from server.telephony import now
from server.training.job import train_next
from server.training.trainer import Trainer


async def train_all(settings: Settings, trainer: Trainer, speaker: str | None) -> int:
    """How many were taken on. Raises StartError and UnusableDatabaseError."""
    logs.configure(settings.log_level, settings.log_format)
    count = 0
    async with opened(settings) as database:
        while await train_next(database, trainer, settings.data_dir, now, speaker=speaker) is not None:
            count += 1
    return count
