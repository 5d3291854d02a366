"""`keys` and `secrets`, on the command line."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from server import logs
from server.cli import app
from server.keyring import FILE
from server.start import alone
from storage.assets import Integration, IntegrationKind
from storage.database import Database, DatabaseUnavailableError
from storage.keys import fingerprint, key_for, new_token
from storage.migrations import migrate
from storage.records import ApiKey, Scope
from storage.sealing import Seal, integration_secret, key_from, written
from storage.seed import Seeded
from tests.server.test_cli import ended
from tests.storage.databases import Place
from tests.storage.samples import LATER, NOW, TOKEN, an_organisation, url


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file of settings, and with this process's logs left as they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "configure", lambda level, style: None)


async def ran(file: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Status, output and errors, in a thread of this process: the commands bring a loop of their own."""
    environment = {"VAANI_DATA_DIR": str(file.parent / "data"), "VAANI_DATABASE_URL": url(file), **variables}
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


async def keys(database: Database) -> dict[str, ApiKey]:
    async with database.read() as work:
        return {key.name: key for key in await work.keys.every()}


async def test_a_key_is_made_beside_an_open_database_and_shown_once(
    file: Path, database: Database, seeded: Seeded
) -> None:
    async with database.read() as work:  # as a running server holds it
        await work.organisations.first()
        status, out, err = await ran(
            file, "keys", "create", "--name", "Reports", "--scopes", "voice:calls:read, voice:agents:read"
        )
    assert (status, err.count("\n")) == (0, 1)
    token = out.strip()
    assert token.startswith("nn_k_")
    assert token not in err
    key = (await keys(database))["Reports"]
    assert key.id in err
    assert key.fingerprint == fingerprint(token)
    assert key.organisation_id == seeded.organisation
    assert key.scopes == {Scope.CALLS_READ, Scope.AGENTS_READ}
    assert key.expires_at is None
    status, out, _ = await ran(file, "keys", "list")
    assert token not in out
    assert token[:10] in out


async def test_a_key_can_do_everything_expire_and_be_another_organisations(file: Path, database: Database) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    given = ("--name", "All", "--all-scopes", "--expires-days", "30", "--organisation", other.id)
    status, _, _ = await ran(file, "keys", "create", *given)
    assert status == 0
    key = (await keys(database))["All"]
    assert (key.scopes, key.organisation_id) == (frozenset(Scope), other.id)
    assert key.expires_at is not None
    assert abs(key.expires_at - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (
            ["--scopes", "voice:calls:read,voice:calls:raed"],
            2,
            "There is no scope 'voice:calls:raed': there are voice:",
        ),
        (["--scopes", ""], 2, "There is no scope '': there are voice:"),
        ([], 2, "Say what the key may do: either --scopes or --all-scopes."),
        (["--all-scopes", "--scopes", "voice:calls:read"], 2, "Say what the key may do: either"),
        (["--all-scopes", "--name", ""], 2, "The name is 1 to 100 readable characters."),
        (["--all-scopes", "--name", "x" * 101], 2, "The name is 1 to 100 readable characters."),
        (["--all-scopes", "--name", "two\nlines"], 2, "The name is 1 to 100 readable characters."),
        (["--all-scopes", "--organisation", "org_nobodys"], 1, "There is no organisation with that id."),
    ],
)
async def test_what_cannot_be_made_is_one_sentence_and_no_key(
    file: Path, database: Database, arguments: list[str], status: int, sentence: str
) -> None:
    found, out, err = await ran(file, "keys", "create", "--name", "New", *arguments)
    assert (found, out) == (status, "")
    assert err.startswith(sentence)
    assert err.count("\n") == 1
    assert set(await keys(database)) == {"First key"}


async def test_a_bad_scope_tells_all_that_there_are(file: Path) -> None:
    _, _, err = await ran(file, "keys", "create", "--name", "New", "--scopes", "everything")
    assert all(scope in err for scope in Scope)


async def test_days_that_are_none_are_refused(file: Path) -> None:
    status, _, _ = await ran(file, "keys", "create", "--name", "New", "--all-scopes", "--expires-days", "0")
    assert status == 2


async def test_before_the_first_start_no_key_can_be_made(tmp_path: Path) -> None:
    status, out, err = await ran(tmp_path / "new.db", "keys", "create", "--name", "New", "--all-scopes")
    assert (status, out) == (1, "")
    assert err == "The database is not in the form that this version needs: start the server once first.\n"


async def test_every_key_is_listed_with_its_state(file: Path, database: Database, seeded: Seeded) -> None:
    old = key_for(new_token(), seeded.organisation, "Old", {Scope.CALLS_READ}, NOW, expires_at=LATER)
    sly = key_for(new_token(), seeded.organisation, "\x1b[2Jsly\n", {Scope.CALLS_READ, Scope.AGENTS_READ}, NOW)
    async with database.begin() as work:
        await work.keys.add(old)
        await work.keys.add(sly)
        await work.keys.revoke(sly.id, now=NOW)
        await work.keys.used(old.id, now=NOW)
    status, out, err = await ran(file, "keys", "list")
    assert (status, err) == (0, "")
    _, first, second, third = out.splitlines()
    assert [word in first for word in (TOKEN[:10], "live", "First key", "all", seeded.organisation)] == [True] * 5
    assert second.split()[:6] == [old.id, f"{old.start}…", "expired", "2026-03-01", "2026-03-01", "2026-03-01"]
    assert second.split()[6:] == [seeded.organisation, "Old", "voice:calls:read"]
    assert third.split()[:3] == [sly.id, f"{sly.start}…", "revoked"]
    assert third.endswith("voice:agents:read,voice:calls:read")
    assert "\x1b" not in out


async def test_a_key_is_revoked_once(file: Path, database: Database) -> None:
    key = (await keys(database))["First key"]
    assert (await ran(file, "keys", "revoke", key.id))[::2] == (0, "")
    revoked = (await keys(database))["First key"].revoked_at
    assert revoked is not None
    status, out, err = await ran(file, "keys", "revoke", key.id)
    assert (status, out) == (1, "")
    assert err == "There is no key with that id, or it has been revoked before.\n"
    assert (await keys(database))["First key"].revoked_at == revoked


async def test_an_unknown_key_is_not_shown_again(file: Path) -> None:
    status, out, err = await ran(file, "keys", "revoke", TOKEN)
    assert (status, out) == (1, "")
    assert TOKEN not in err


async def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    status, out, err = await ran(tmp_path / "data" / "vaani.db", "keys", "list")
    assert (status, out) == (2, "")
    assert err == "The database's file cannot be made: File exists.\n"


async def test_a_database_that_is_away_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*given: object, **more: object) -> NoReturn:
        raise DatabaseUnavailableError("the database cannot be reached")

    monkeypatch.setattr(Database, "connect", away)
    assert await ran(tmp_path / "vaani.db", "keys", "list") == (2, "", "The database cannot be reached.\n")


@pytest.mark.parametrize("command", [["keys", "list"], ["secrets", "rotate"]])
async def test_a_command_does_not_migrate_a_database_that_an_older_server_may_be_using(
    file: Path, place: Place, command: list[str]
) -> None:
    await migrate(place.url, "0002")
    status, out, err = await ran(file, *command)
    assert (status, out) == (1, "")
    assert err == "The database is not in the form that this version needs: start the server once first.\n"
    assert not (file.parent / "data").exists()
    assert await migrate(place.url)


async def token_of(database: Database, seeded: Seeded, seal: Seal) -> str:
    """The secret of the one account there is."""
    async with database.read(seeded.organisation) as work:
        (account,) = await work.integrations.every()
    return seal.open(account.secrets["token"], organisation=seeded.organisation, name=TOKEN_NAME)


TOKEN_NAME = integration_secret("exotel", "token")
ONE, TWO = b"1" * 32, b"2" * 32


@pytest.fixture
async def account(database: Database, seeded: Seeded) -> None:
    sealed = Seal.of([ONE]).seal("canary", organisation=seeded.organisation, name=TOKEN_NAME)
    async with database.begin(seeded.organisation) as work:
        await work.integrations.put(
            Integration(seeded.organisation, "exotel", IntegrationKind.TELEPHONY, NOW, NOW, secrets={"token": sealed})
        )


def key_file(file: Path, key: bytes) -> Path:
    folder = file.parent / "data"
    folder.mkdir()
    (folder / FILE).touch(0o600)
    (folder / FILE).write_text(written(key))
    return folder / FILE


@pytest.mark.usefixtures("account")
async def test_rotation_puts_a_key_on_top_and_says_how_much_it_sealed(
    file: Path, database: Database, seeded: Seeded
) -> None:
    held = key_file(file, ONE)
    status, out, err = await ran(file, "secrets", "rotate")
    assert (status, err) == (0, "")
    assert out == "Sealed under the current key: 1 record that had an older one.\n"
    new, old = map(key_from, held.read_text().splitlines())
    assert old == ONE
    assert await token_of(database, seeded, Seal.of([new])) == "canary"


@pytest.mark.usefixtures("account")
async def test_rotation_with_keys_in_the_settings_seals_under_the_first(
    file: Path, database: Database, seeded: Seeded
) -> None:
    status, _, err = await ran(file, "secrets", "rotate", VAANI_ENCRYPTION_KEY=f"{written(TWO)},{written(ONE)}")
    assert (status, err) == (0, "")
    assert await token_of(database, seeded, Seal.of([TWO])) == "canary"


@pytest.mark.usefixtures("account")
async def test_rotation_without_the_old_key_is_one_sentence_and_changes_nothing(
    file: Path, database: Database, seeded: Seeded
) -> None:
    status, out, err = await ran(file, "secrets", "rotate", VAANI_ENCRYPTION_KEY=written(TWO))
    assert (status, out) == (1, "")
    assert err.startswith("Nothing was sealed again. The key ")
    assert err.count("\n") == 1
    assert await token_of(database, seeded, Seal.of([ONE])) == "canary"


async def test_rotation_of_a_key_file_needs_the_server_stopped(file: Path) -> None:
    held = key_file(file, ONE)
    with alone(held.parent):
        status, _, err = await ran(file, "secrets", "rotate")
    assert status == 1
    assert err == f"Another server is running on this data folder: {held.parent}.\n"
    assert held.read_text() == written(ONE)


async def test_a_bad_key_in_the_settings_is_one_sentence_without_it(file: Path) -> None:
    status, out, err = await ran(file, "secrets", "rotate", VAANI_ENCRYPTION_KEY="hunter2")
    assert (status, out) == (2, "")
    assert err == "The setting VAANI_ENCRYPTION_KEY will not do: a key is 32 bytes in base64.\n"


async def test_the_commands_are_there_in_a_process_of_their_own(file: Path, database: Database) -> None:
    given = ("keys", "create", "--name", "New", "--all-scopes")
    status, out, _ = await ended(file.parent, *given, VAANI_DATABASE_URL=url(file))
    assert status == 0
    assert (await keys(database))["New"].fingerprint == fingerprint(out.strip())
