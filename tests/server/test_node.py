from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from server.cluster.node import FILE, node_name
from server.settings import Settings
from server.start import StartError, alone


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def name(data: Path, node: str | None = None) -> str:
    with alone(data):
        return node_name(Settings(data_dir=data, node=node))


def test_a_name_is_made_once_and_outlives_the_host_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = name(tmp_path / "data")
    assert re.fullmatch(re.escape(socket.gethostname()) + "-[0-9a-f]{6}", first)
    monkeypatch.setattr(socket, "gethostname", lambda: "another-container")
    assert name(tmp_path / "data") == first


def test_two_servers_on_one_host_have_two_names(tmp_path: Path) -> None:
    assert name(tmp_path / "one") != name(tmp_path / "two")


def test_a_name_that_is_set_is_taken_and_none_is_made(tmp_path: Path) -> None:
    assert name(tmp_path / "data", "front") == "front"
    assert not (tmp_path / "data" / FILE).exists()


def test_a_file_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / FILE).touch()
    assert name(tmp_path / "data") == name(tmp_path / "data") != ""


def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data" / FILE).mkdir(parents=True)
    with pytest.raises(StartError, match=r"^The file .*/node cannot be used: Is a directory\.$"):
        name(tmp_path / "data")
