from __future__ import annotations

from pathlib import Path

import pytest

from server import warmup
from server.setting_names import SettingsError
from server.settings import Settings
from tests.server.serving import serving
from tests.storage.samples import TOKEN


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("RATE_LIMITS", "POST /flows=lots", 'the entry "POST /flows=lots" is not written like POST /flows=50/minute'),
        ("TRUSTED_PROXIES", "10.0.0.1/8", 'the entry "10.0.0.1/8" is not a network like 10.0.0.0/8'),
        ("REDIS_URL", "hunter2.example.com:6379", "it is written like redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "http://hunter2.example.com", "it is written like redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://:hunter2@", "it is written like redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://hunter2:99999", "it is written like redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://hunter2/zero", "it is written like redis://127.0.0.1:6379/0"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"VAANI_{name}", value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert str(error.value).startswith(f"The setting VAANI_{name} will not do: {sentence}")
    assert "\n" not in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("url", ["redis://localhost", "rediss://u:p@r.example.com:6380/2", "unix:///run/redis.sock"])
def test_good_settings_are_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAANI_REDIS_URL", url)
    monkeypatch.setenv("VAANI_RATE_LIMITS", "default=1000/minute, POST /flows=off")
    monkeypatch.setenv("VAANI_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    settings = Settings.load()
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == url


async def test_the_live_socket_has_a_limit_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def load(*given: object, **more: object) -> None:
        """Nobody speaks: no model is needed."""

    monkeypatch.setattr(warmup, "load", load)
    codes = []
    async with serving(tmp_path, rate_limits="GET /ws/live/{call}=1/minute") as house:
        for _ in range(2):
            async with house.http.ws_connect(f"{house.server.url}/ws/live/cal_none?token={TOKEN}") as live:
                assert [message async for message in live] == []
                codes.append(live.close_code)
    assert codes == [4404, 4429]
