from __future__ import annotations

import pytest

from storage.sealing import Seal

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_server_knows_its_own_hand() -> None:
    signer = Seal.of([NEW]).signer("links")
    signature = signer.sign("one")
    assert signer.knows("one", signature)
    assert Seal.of([NEW]).signer("links").sign("one") == signature
    assert len(signature) == 43


@pytest.mark.parametrize("forged", ["", "a", "é" * 43, "\ud800", "A" * 43, "A" * 10_000])
def test_a_forged_signature_is_not_known(forged: str) -> None:
    assert not Seal.of([NEW]).signer("links").knows("one", forged)


def test_another_text_purpose_or_key_has_another_signature() -> None:
    signer = Seal.of([NEW]).signer("links")
    signature = signer.sign("one")
    assert not signer.knows("two", signature)
    assert not Seal.of([NEW]).signer("letters").knows("one", signature)
    assert not Seal.of([OLD]).signer("links").knows("one", signature)


def test_what_an_older_key_signed_is_still_known() -> None:
    signature = Seal.of([OLD]).signer("links").sign("one")
    rotated = Seal.of([NEW, OLD]).signer("links")
    assert rotated.knows("one", signature)
    assert rotated.sign("one") != signature


def test_a_signer_shows_no_key() -> None:
    signer = Seal.of([NEW]).signer("links")
    assert NEW.decode() not in repr(vars(signer)) + repr(vars(Seal.of([NEW])))
