"""`python -m tests.control_api.importing FILE DATABASE`: imports a file, and tells what that did to the process."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from io import BytesIO
from pathlib import Path
from unittest.mock import Mock

import orjson

from control_api.people.customer_import import imported
from control_api.web.asked import Asked
from control_api.web.bodies import Upload
from storage.database import Database
from tests.storage.samples import NOW, url


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _import(path: Path, database_file: Path) -> dict[str, object]:
    async with Database(url(database_file)) as database:
        async with database.read() as work:
            first = await work.organisations.first()
        assert first is not None
        asked = Mock(Asked, organisation=first.id, now=NOW, begin=lambda: database.begin(first.id))
        small = b"phone\n" + b"".join(b"+4420%08d\n" % (70000000 + number) for number in range(2000))
        # what is loaded on first use is no growth
        await imported(asked, Upload(BytesIO(small), "small.csv", len(small)), {})
        before = _megabytes()
        with path.open("rb") as file:
            done = await imported(asked, Upload(file, path.name, os.fstat(file.fileno()).st_size), {})
        return {"done": done.model_dump(), "megabytes": _megabytes() - before}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(asyncio.run(_import(Path(sys.argv[1]), Path(sys.argv[2])))))
