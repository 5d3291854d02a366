"""Work that goes on beside a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on during the block. One that fails ends it; what the block itself raises leaves as it is."""
    trouble: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a task group would wrap it: raised below as it came
            trouble = error
        finally:
            for task in tasks:
                task.cancel()
    if trouble is not None:
        raise trouble
