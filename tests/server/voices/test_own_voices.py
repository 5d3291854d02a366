"""An agent whose voice is a speaker of the organisation's own speaks with what an engine made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from control_api.voices.voice_cloner import Original
from control_api.web.errors import RefusedError
from processors.tts.chatterbox import Options
from server.call_plan import CallPlan
from server.plan import call_plan
from server.voices.local_voices import FOLDER, LocalVoices
from server.voices.own_voices import with_own_voice
from storage.assets import VoiceSpeaker
from storage.database import Database
from storage.seed import Seeded
from tests.control_api.uploads import wav
from tests.storage.samples import NOW, a_flow, an_agent

VOICE = {"provider": "nextneural", "speaker": "aria"}


async def spoken(database: Database, seeded: Seeded, config: dict[str, Any] | None = None, **about: Any) -> CallPlan:
    """The plan of an agent's call, once there is a speaker `about` which that is true."""
    speaker = VoiceSpeaker(seeded.organisation, "aria", "hi-IN", NOW, NOW)
    async with database.begin(seeded.organisation) as work:
        await work.speakers.add(replace(speaker, **about))
        agent = an_agent(seeded.organisation, config=config or {}, voice_config=VOICE)
        return await with_own_voice(call_plan(agent, a_flow(seeded.organisation), {}), work)


READY: dict[str, Any] = {"engine": "elevenlabs", "voice": "v1", "consented_at": NOW, "consent_owner": "Aria"}


async def test_the_engine_that_made_the_voice_speaks(database: Database, seeded: Seeded) -> None:
    plan = await spoken(database, seeded, **READY, deployed=True)
    assert (plan.tts.provider, plan.tts.options) == ("elevenlabs", {"voice": "v1"})


async def test_a_local_voice_speaks_the_language_of_the_call(database: Database, seeded: Seeded) -> None:
    plan = await spoken(database, seeded, {"language": "hi-IN"}, **{**READY, "engine": "chatterbox"})
    assert (plan.tts.provider, plan.tts.options) == ("chatterbox", {"voice": "v1", "language": "hi-IN"})
    Options.model_validate(plan.tts.options)


@pytest.mark.either
@pytest.mark.parametrize("missing", ["voice", "engine", "consented_at"])
async def test_without_a_voice_or_consent_the_server_s_own_speaks(
    database: Database, seeded: Seeded, missing: str
) -> None:
    plan = await spoken(database, seeded, None, **{**READY, missing: None})
    assert (plan.tts.provider, plan.tts.options) == ("embedded", {})


@pytest.mark.either
async def test_a_plan_that_names_another_voice_has_that(database: Database, seeded: Seeded) -> None:
    config = {"speaker": "aria", "tts": {"provider": "embedded", "options": {"voice": "espeak+f2"}}}
    assert (await spoken(database, seeded, config, **READY)).tts.options == {"voice": "espeak+f2"}


async def test_without_the_weights_no_voice_is_made_here_and_nothing_is_left(tmp_path: Path) -> None:
    reference = tmp_path / "reference.wav"
    reference.write_bytes(wav(11))
    voices = LocalVoices(tmp_path / "weights", tmp_path)
    original = Original("aria", "", "hi-IN", reference, "audio/wav")
    with pytest.raises(RefusedError, match=r"has no tokenizer\.json") as refused:
        await voices.clone(original)
    assert refused.value.status == 503
    with pytest.raises(RefusedError, match="does not speak ta-IN"):
        await voices.clone(replace(original, language="ta-IN"))
    assert not (tmp_path / FOLDER).exists()


def kept(data: Path) -> list[str]:
    return [str(path.resolve()) for path in (data / FOLDER).iterdir()]


async def test_a_voice_is_a_file_that_forgetting_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        def condition(self, sound: Any, weights: Path) -> Any:
            from processors.voices.chatterbox import Condition

            return Condition(sound[:10], np.zeros(1), np.zeros(1), np.zeros(1), str(weights))

    monkeypatch.setattr("processors.voices.chatterbox.load", lambda weights: Model())
    reference = tmp_path / "reference.wav"
    reference.write_bytes(wav(11))
    voices = LocalVoices(tmp_path / "weights", tmp_path)
    voice = await voices.clone(Original("aria", "", "hi-IN", reference, "audio/wav"))
    assert kept(tmp_path) == [voice]
    await voices.forget(str(reference))
    assert reference.read_bytes() == wav(11)
    for _ in range(2):
        await voices.forget(voice)
        assert kept(tmp_path) == []
