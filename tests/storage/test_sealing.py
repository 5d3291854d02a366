from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from storage.database import Database
from storage.sealing import Seal, SealedError, key_from, key_id, written
from storage.seed import Seeded

OLD, NEW = b"o" * 32, b"n" * 32
SECRET = "canary-4f2a-token"
WHAT = {"organisation": "org_1", "name": "exotel.api_token"}


def refused(seal: Seal, sealed: str, **what: str) -> str:
    with pytest.raises(SealedError) as error:
        seal.open(sealed, **WHAT | what)
    said = str(error.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert SECRET not in said
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return said


@given(st.text(), st.text(), st.text())
def test_what_was_sealed_opens_as_it_was(secret: str, organisation: str, name: str) -> None:
    seal = Seal.of([NEW])
    sealed = seal.seal(secret, organisation=organisation, name=name)
    assert seal.open(sealed, organisation=organisation, name=name) == secret


def test_half_characters_are_kept_too() -> None:
    seal = Seal.of([NEW])
    assert seal.open(seal.seal("\ud800\0", **WHAT), **WHAT) == "\ud800\0"


def test_a_sealed_text_names_its_key_and_never_comes_twice() -> None:
    seal = Seal.of([NEW])
    texts = {seal.seal(SECRET, **WHAT) for _ in range(100)}
    assert len(texts) == 100
    assert all(re.fullmatch(rf"v1\.{key_id(NEW)}\.[\w-]+", sealed, re.ASCII) for sealed in texts)
    assert {seal.key_of(sealed) for sealed in texts} == {key_id(NEW)} == {seal.current}
    assert len({_body(sealed)[:12] for sealed in texts}) == 100
    assert not any(SECRET.encode() in _body(sealed) for sealed in texts)


def _body(sealed: str) -> bytes:
    body = sealed.rpartition(".")[2]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))


@pytest.mark.parametrize(
    "what",
    [{"organisation": "org_2"}, {"name": "exotel.api_key"}, {"organisation": "org_1.exotel", "name": "api_token"}],
)
def test_it_opens_only_for_its_organisation_and_as_what_it_is(what: dict[str, str]) -> None:
    seal = Seal.of([NEW])
    assert "sealed for something else" in refused(seal, seal.seal(SECRET, **WHAT), **what)


def test_where_the_organisation_ends_cannot_be_moved() -> None:
    seal = Seal.of([NEW])
    sealed = seal.seal(SECRET, organisation="a.b", name="c")
    assert refused(seal, sealed, organisation="a", name="b.c")


@pytest.mark.parametrize("secret", [SECRET, SECRET + "1", SECRET + "22"])  # base64 may end in spare bits
def test_no_character_of_it_can_be_changed_taken_or_added(secret: str) -> None:
    seal = Seal.of([NEW, OLD])
    sealed = seal.seal(secret, **WHAT)
    for place in range(len(sealed)):
        for other in "ABCDQRSghijwxyz_-.=v1\n é":
            if other != sealed[place]:
                refused(seal, sealed[:place] + other + sealed[place + 1 :])
            refused(seal, sealed[:place] + other + sealed[place:])
        refused(seal, sealed[:place])
        refused(seal, sealed[:place] + sealed[place + 1 :])
    refused(seal, sealed + "\n")
    refused(seal, sealed.replace(key_id(NEW), key_id(OLD)))


@pytest.mark.parametrize("sealed", ["", "v1", "v1..", SECRET, f"v1.{key_id(NEW)}.", f"v1.{key_id(NEW)}.AAAA", "\ud800"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    refused(Seal.of([NEW]), sealed)


def test_an_unknown_key_is_named_by_its_id() -> None:
    assert f"The key {key_id(OLD)}, " in refused(Seal.of([NEW]), Seal.of([OLD]).seal(SECRET, **WHAT))
    with pytest.raises(SealedError):
        Seal.key_of(SECRET)


def test_older_keys_open_and_the_current_one_seals() -> None:
    sealed = Seal.of([OLD]).seal(SECRET, **WHAT)
    seal = Seal.of([NEW, OLD])
    assert seal.open(sealed, **WHAT) == SECRET
    renewed = seal.renew(sealed, **WHAT)
    assert seal.key_of(renewed) == key_id(NEW)
    assert Seal.of([NEW]).open(renewed, **WHAT) == SECRET
    assert seal.renew(renewed, **WHAT) == renewed
    with pytest.raises(SealedError):
        seal.renew(renewed, organisation="org_2", name=WHAT["name"])


@pytest.mark.parametrize(
    ("keys", "current"), [({}, ""), ({"a": NEW}, "b"), ({"a": NEW[:-1]}, "a"), ({"a": NEW, "b": b""}, "a")]
)
def test_a_seal_needs_a_current_key_and_whole_ones(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Seal(keys, current)


@given(st.binary(min_size=32, max_size=32))
def test_a_key_that_was_written_down_is_read_again(key: bytes) -> None:
    urlsafe = base64.urlsafe_b64encode(key).decode()
    assert {key_from(text) for text in (written(key), f" {written(key)}\n", urlsafe, urlsafe.rstrip("="))} == {key}


@pytest.mark.parametrize(
    "text", ["", SECRET, written(NEW[:-1]), written(NEW + b"n"), "é" * 43, "n" * 42 + "!", NEW.hex()]
)
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a key is 32 bytes in base64$"):
        key_from(text)


def test_a_seal_shows_no_key() -> None:
    assert NEW.decode() not in repr(vars(Seal.of([NEW])))


async def test_no_file_of_a_database_holds_what_was_sealed(database: Database, seeded: Seeded, file: Path) -> None:
    sealed = Seal.of([NEW]).seal(SECRET, **WHAT)
    async with database.connect() as connection:
        await connection.execute(text("UPDATE organisations SET name = :sealed"), {"sealed": sealed})
    written = b"".join(part.read_bytes() for part in file.parent.iterdir() if part.is_file())
    assert sealed.encode() in written
    for shown in (SECRET.encode(), base64.b64encode(SECRET.encode()).rstrip(b"="), SECRET.encode().hex().encode(), NEW):
        assert shown not in written
