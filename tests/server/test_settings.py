from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from server.setting_names import SettingsError
from server.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal() -> str:
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_a_word_it_runs_on_this_machine_alone() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port, settings.url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert settings.database == "sqlite+aiosqlite:///data/vaani.db"
    assert (settings.exotel.chunk_bytes, settings.exotel.lead_seconds) == (1600, 0.2)
    assert settings.max_calls == 200


def test_variables_stand_above_the_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "vaani.toml").write_text('port = 1\nhost = "::1"\n[exotel]\ntoken = "t"\nchunk_bytes = 640\n')
    monkeypatch.setenv("VAANI_PORT", "2")
    monkeypatch.setenv("VAANI_EXOTEL_CHUNK_BYTES", "3200")
    monkeypatch.setenv("VAANI_DATA_DIR", "/var/lib/vaani")
    monkeypatch.setenv("VAANI_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("VAANI_DATABASE_URL", "")
    settings = Settings.load()
    assert (settings.port, settings.url) == (2, "http://[::1]:2")
    assert (settings.exotel.token.get_secret_value(), settings.exotel.chunk_bytes) == ("t", 3200)
    assert settings.database == "sqlite+aiosqlite:////var/lib/vaani/vaani.db"
    assert settings.log_level == "debug"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("VAANI_PROT", "1", "There is no setting VAANI_PROT: did you mean VAANI_PORT?"),
        ("VAANI_EXOTEL_TOKN", "1", "There is no setting VAANI_EXOTEL_TOKN: did you mean VAANI_EXOTEL_TOKEN?"),
        ("VAANI_XYZZY_42", "1", "There is no setting VAANI_XYZZY_42."),
        ("VAANI_EXOTEL", "{}", "There is no setting VAANI_EXOTEL: did you mean"),
        ("VAANI_PORT", "eighty", "The setting VAANI_PORT will not do: input should be a valid integer"),
        ("VAANI_PORT", "70000", "VAANI_PORT will not do: input should be less than or equal to 65535"),
        ("VAANI_EXOTEL_CHUNK_BYTES", "1000", "VAANI_EXOTEL_CHUNK_BYTES will not do: input should be a multiple of 320"),
        (
            "VAANI_EXOTEL_LEAD_SECONDS",
            "0",
            "VAANI_EXOTEL_LEAD_SECONDS will not do: input should be greater than or equal",
        ),
        ("VAANI_PUBLIC_URL", "voice.example.com", "VAANI_PUBLIC_URL will not do: it is written like https://"),
        ("VAANI_DRAIN_SECONDS", "1801", "VAANI_DRAIN_SECONDS will not do"),
        ("VAANI_BOOTSTRAP_API_KEY", "hunter2", "VAANI_BOOTSTRAP_API_KEY will not do: a key is nn_k_ and 32 or more"),
        ("VAANI_EXOTEL_USER", "me", "VAANI_EXOTEL_USER and VAANI_EXOTEL_PASSWORD are given together"),
    ],
)
def test_a_bad_variable_is_named_in_one_sentence_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    said = refusal()
    assert sentence in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "There is no setting prot in vaani.toml: did you mean port?"),
        ("[exotel]\ntokn = 1", "There is no setting exotel.tokn in vaani.toml: did you mean exotel.token?"),
        ('port = "x"', "The setting VAANI_PORT (port in vaani.toml) will not do"),
        ("port = ", "vaani.toml is not TOML"),
    ],
)
def test_a_bad_file_is_named_in_one_sentence(elsewhere: Path, text: str, sentence: str) -> None:
    (elsewhere / "vaani.toml").write_text(text)
    assert sentence in refusal()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "canary" * 6
    monkeypatch.setenv("VAANI_EXOTEL_TOKEN", secret)
    monkeypatch.setenv("VAANI_EXOTEL_USER", "me")
    monkeypatch.setenv("VAANI_EXOTEL_PASSWORD", secret)
    monkeypatch.setenv("VAANI_BOOTSTRAP_API_KEY", "nn_k_" + secret)
    monkeypatch.setenv("VAANI_DATABASE_URL", f"postgresql+asyncpg://me:{secret}@host/db")
    assert "canary" not in repr(Settings.load())


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings.load(), "port", 1)  # noqa: B010 - mypy knows better
