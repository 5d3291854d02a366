"""Settings of calls by WebRTC."""

import pytest

from server.setting_names import SettingsError
from server.settings import Settings

TURN = {"TURN": "turn:turn.example.com:3478?transport=udp", "TURN_USER": "vaani", "TURN_PASSWORD": "hush-hush"}


def test_servers_that_help_browsers_are_read_and_the_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"STUN": "stun:stun.example.com", **TURN}.items():
        monkeypatch.setenv(f"VAANI_WEBRTC_{name}", value)
    monkeypatch.setenv("VAANI_BROWSER_ORIGINS", "https://shop.example, http://localhost:3000")
    settings = Settings.load()
    assert settings.webrtc.turn_password.get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(settings)
    assert settings.browser_origins == "https://shop.example,http://localhost:3000"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WEBRTC_STUN", "https://example.com", "The setting VAANI_WEBRTC_STUN will not do"),
        ("WEBRTC_STUN", "stun:example.com?transport=udp", "VAANI_WEBRTC_STUN takes no ?transport="),
        ("WEBRTC_TURN", "turn:turn.example.com", "VAANI_WEBRTC_TURN, "),
        ("BROWSER_ORIGINS", "shop.example/path", "The setting VAANI_BROWSER_ORIGINS will not do"),
    ],
)
def test_a_setting_that_will_not_do_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"VAANI_{name}", value)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert str(refused.value).startswith(sentence)
