from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from server.keyring import FILE, keyring, not_lost, rotate
from server.setting_names import SettingsError
from server.settings import Settings
from server.start import StartError, alone
from storage.database import Database
from storage.sealing import Seal, SealedError, key_from, key_id, written
from storage.seed import Seeded
from tests.server.test_resealing import SECRETS, keep, kept, opened, told
from tests.storage.samples import a_flow

ONE, TWO = b"1" * 32, b"2" * 32
WHAT = {"organisation": "org_1", "name": "exotel.api_token"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def lax_mask() -> Iterator[None]:
    """The mode is our own doing, not the shell's."""
    before = os.umask(0)
    yield
    os.umask(before)


def settings(tmp_path: Path, key: str | None = None) -> Settings:
    return Settings(data_dir=tmp_path / "data", encryption_key=SecretStr(key) if key else None)


def key_file(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    file = tmp_path / "data" / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def refusal(tmp_path: Path) -> str:
    with pytest.raises(StartError) as error:
        keyring(settings(tmp_path))
    said = str(error.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_the_first_start_makes_a_key_that_only_its_owner_reads_and_later_ones_find_it(tmp_path: Path) -> None:
    sealed = keyring(settings(tmp_path)).seal("secret", **WHAT)
    file = tmp_path / "data" / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [other.name for other in file.parent.iterdir()] == [FILE]
    assert keyring(settings(tmp_path)).open(sealed, **WHAT) == "secret"


def test_no_two_servers_make_the_same_key(tmp_path: Path) -> None:
    assert keyring(settings(tmp_path / "a")).current != keyring(settings(tmp_path / "b")).current


def test_the_file_was_never_open_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    link = os.link

    def watched(source: str, target: Path) -> None:
        modes.append(stat.S_IMODE(os.stat(source).st_mode))
        link(source, target)

    monkeypatch.setattr(os, "link", watched)
    keyring(settings(tmp_path))
    assert modes == [0o600]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    found = []

    def start() -> None:
        together.wait()
        found.append(keyring(settings(tmp_path)).current)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_start_that_is_cut_short_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refusal(tmp_path).endswith("/secret.key cannot be used: No space left on device.")
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o777, 0o610])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    key_file(tmp_path, written(ONE), mode)
    assert "can be used by others" in refusal(tmp_path)


def test_of_several_keys_the_first_one_seals_and_all_open(tmp_path: Path) -> None:
    key_file(tmp_path, f"{written(TWO)}\n\n{written(ONE)}\n")
    seal = keyring(settings(tmp_path))
    assert seal.current == key_id(TWO)
    assert seal.open(Seal.of([ONE]).seal("secret", **WHAT), **WHAT) == "secret"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("hunter2", "each line is 32 bytes in base64"),
        (written(ONE) + "\n" + written(TWO)[:-4], "each line is 32 bytes in base64"),
        ("\xff" * 43, "each line is 32 bytes in base64"),
    ],
)
def test_a_file_that_holds_no_keys_is_refused_and_stays(tmp_path: Path, text: str, sentence: str) -> None:
    file = key_file(tmp_path, text)
    said = refusal(tmp_path)
    assert sentence in said
    assert "hunter2" not in said
    assert file.read_text() == text


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert "/secret.key cannot be used: " in refusal(tmp_path)


def test_a_key_in_the_settings_stands_above_the_file_and_makes_none(tmp_path: Path) -> None:
    seal = keyring(settings(tmp_path, f"{written(TWO)}, {written(ONE)}"))
    assert seal.current == key_id(TWO)
    assert seal.open(Seal.of([ONE]).seal("secret", **WHAT), **WHAT) == "secret"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "value", ["hunter2", written(ONE)[:-4], f"{written(ONE)},hunter2", f"{written(ONE)},", ",", "é"]
)
def test_a_bad_key_in_the_settings_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("VAANI_ENCRYPTION_KEY", value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert str(error.value) == "The setting VAANI_ENCRYPTION_KEY will not do: a key is 32 bytes in base64."


async def test_rotation_adds_a_key_and_seals_everything_again(
    tmp_path: Path, database: Database, seeded: Seeded
) -> None:
    old = keyring(settings(tmp_path))
    await keep(database, seeded, old)
    (before,), (hook,) = await kept(database)
    assert await rotate(settings(tmp_path), database) == 2
    new = keyring(settings(tmp_path))
    assert new.current != old.current
    (line,) = [line for line in key_lines(tmp_path) if key_id(key_from(line)) == new.current]
    assert await opened(database, Seal.of([key_from(line)])) == SECRETS
    (after,), (hooked,) = await kept(database)
    assert replace(after, secrets=before.secrets) == before
    assert replace(hooked, secret=hook.secret, old_secret=hook.old_secret, headers=hook.headers) == hook
    assert new.open(old.seal("from a copy", **WHAT), **WHAT) == "from a copy"
    assert stat.S_IMODE((tmp_path / "data" / FILE).stat().st_mode) == 0o600


def key_lines(tmp_path: Path) -> list[str]:
    return (tmp_path / "data" / FILE).read_text().splitlines()


async def test_rotation_before_the_first_start_makes_the_first_key(tmp_path: Path, database: Database) -> None:
    assert await rotate(settings(tmp_path), database) == 0
    assert len(key_lines(tmp_path)) == 1


async def test_a_text_that_does_not_open_stops_rotation_before_anything_is_changed(
    tmp_path: Path, database: Database, seeded: Seeded
) -> None:
    old = keyring(settings(tmp_path))
    await keep(database, seeded, old)
    await keep(database, seeded, Seal.of([ONE]), provider="sarvam")
    before = await kept(database)
    with pytest.raises(SealedError):
        await rotate(settings(tmp_path), database)
    assert await kept(database) == before
    assert old.current in {key_id(key_from(line)) for line in key_lines(tmp_path)}


async def test_a_key_file_is_not_rotated_under_a_running_server(tmp_path: Path, database: Database) -> None:
    old = keyring(settings(tmp_path))
    with alone(tmp_path / "data"), pytest.raises(StartError, match="Another server is running"):
        await rotate(settings(tmp_path), database)
    assert keyring(settings(tmp_path)).current == old.current


async def test_keys_in_the_settings_are_rotated_there(tmp_path: Path, database: Database, seeded: Seeded) -> None:
    await keep(database, seeded, Seal.of([ONE]))
    both = settings(tmp_path, f"{written(TWO)},{written(ONE)}")
    with alone(tmp_path / "data"):
        assert await rotate(both, database) == 2
    assert await opened(database, Seal.of([TWO])) == SECRETS
    assert not (tmp_path / "data" / FILE).exists()


@pytest.mark.parametrize("what", ["an account", "an override"])
async def test_no_key_is_made_beside_secrets_that_it_would_not_open(
    tmp_path: Path, database: Database, seeded: Seeded, what: str
) -> None:
    await not_lost(settings(tmp_path), database)
    if what == "an account":
        await keep(database, seeded, Seal.of([ONE]))
    else:
        async with database.begin(seeded.organisation) as work:
            await work.flows.add(a_flow(seeded.organisation, **told(Seal.of([ONE]), seeded.organisation)))
    for work_with_keys in (not_lost, rotate):
        with pytest.raises(StartError) as error:
            await work_with_keys(settings(tmp_path), database)
        assert str(error.value) == (
            "The database holds sealed credentials and there is no key to open them: "
            f"bring {tmp_path / 'data' / FILE} back, or set VAANI_ENCRYPTION_KEY."
        )
        assert not (tmp_path / "data" / FILE).exists()
    await not_lost(settings(tmp_path, written(ONE)), database)
    key_file(tmp_path, written(ONE))
    await not_lost(settings(tmp_path), database)
