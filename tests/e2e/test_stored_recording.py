"""A call whose recording goes to an object store, and comes from there to who asks for it."""

from __future__ import annotations

from pathlib import Path

from processors.wav import HEADER
from server.outside import ObjectStore
from tests.patience import until
from tests.server.house import scripted
from tests.server.serving import serving
from tests.storage import s3 as stand_in
from tests.storage.s3 import KEYS, NAME
from tests.storage.samples import TOKEN
from transports.simulator.people import Silence


async def test_a_call_is_heard_from_the_store_once_its_recording_has_left_the_disk(tmp_path: Path) -> None:
    with stand_in.running() as s3:
        s3.bucket()
        store = ObjectStore.model_validate({"endpoint": s3.url, "region": "us-east-1", **KEYS})
        data = tmp_path / "data"
        async with serving(data, scripted(greeting="Hello."), recordings_url=f"s3://{NAME}/x", s3=store) as house:
            talk = await house.call([Silence(2.0)])
            row = await house.row(talk.call)
            assert row.recording is not None
            await until(lambda: not (data / str(row.recording)).exists(), seconds=20)
            assert s3.names() == [f"x/{row.recording}"]
            assert await house.metric("vaani_recordings_waiting") == 0
            path = f"/api/voice/calls/{talk.call}/recording?format=wav&token={TOKEN}"
            async with house.http.get(house.server.url + path) as answer:
                assert answer.status == 200
                sound = await answer.read()
            assert len(sound) > HEADER
            assert int(answer.headers["Content-Length"]) == len(sound)
