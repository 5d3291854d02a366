from __future__ import annotations

import os
from pathlib import Path

import pytest

from processors.knowledge.folder import FolderKnowledge, Shelf
from processors.knowledge.index import Index
from processors.ports import Message

DOCUMENTS = {
    "fees.md": "# Clinic\n\n## Fees\n\nA visit costs 500 rupees.\n\n## Hours\n\nWe are open from nine to five.\n",
    "doctors.csv": "name,speciality,days\nDr. Rao,cardiologist,Monday\nDr. Iyer,dentist,Tuesday\n",
    "offers.json": '{"offers": [{"name": "Eye test", "price": 300}, {"name": "Scan", "price": 1200}]}',
    "place.html": "<html><script>var x = 'parking';</script><h2>Parking</h2><p>Behind the <b>house</b>.</p></html>",
    "hindi.txt": "दवा की दुकान रात दस बजे तक खुली रहती है।\n\nएम्बुलेंस चौबीस घंटे मिलती है।",
    "tamil.txt": "மருந்தகம் இரவு பத்து மணி வரை திறந்திருக்கும்.",
    "picture.png": "A visit costs nothing.",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "org" / "clinic"
    folder.mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    return tmp_path / "org"


async def about(root: Path, *turns: str, most: int = 1, shelf: Shelf | None = None) -> str:
    knowledge = FolderKnowledge(shelf or Shelf(), root, "clinic", most)
    return await knowledge.about([Message("user", turn) for turn in turns])


@pytest.mark.parametrize(
    ("turn", "passage"),
    [
        ("What does a visit cost?", "- Clinic > Fees: A visit costs 500 rupees."),
        ("When are you open?", "- Clinic > Hours: We are open from nine to five."),
        ("Is there a dentist?", "- name: Dr. Iyer; speciality: dentist; days: Tuesday"),
        ("An eye test, please", "- offers: name: Eye test; price: 300"),
        ("Where can I park?", ""),
        ("Is there parking at your house?", "- Parking: Behind the house."),
        ("दवाई की दुकान कब तक खुली है?", "- दवा की दुकान रात दस बजे तक खुली रहती है।"),
        ("மருந்தகம் எப்போது?", "- மருந்தகம் இரவு பத்து மணி வரை திறந்திருக்கும்."),
    ],
)
async def test_the_passage_that_fits_the_callers_words_is_found(root: Path, turn: str, passage: str) -> None:
    assert await about(root, turn) == passage


async def test_the_turn_before_helps_a_turn_that_says_little(root: Path) -> None:
    assert "Iyer" in await about(root, "Do you have a dentist?", "And which days?")


async def test_a_file_that_was_changed_is_read_again_for_the_next_call(root: Path) -> None:
    shelf = Shelf()
    assert "500" in await about(root, "visit", shelf=shelf)
    fees = root / "clinic" / "fees.md"
    fees.write_text("A visit costs 600 rupees.")
    os.utime(fees, ns=(1, 1))
    assert "600" in await about(root, "visit", shelf=shelf)


@pytest.mark.parametrize("name", ["", ".", "..", "../clinic", "/etc", "a/b", "a\\b", ".hidden", "a" * 101])
async def test_no_name_leads_out_of_the_folder(root: Path, name: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        FolderKnowledge(Shelf(), root, name, 1)


async def test_links_lead_nowhere(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.txt").write_text("The password is sesame.")
    (root / "clinic" / "link.txt").symlink_to(elsewhere / "secret.txt")
    (root / "clinic" / "within").symlink_to(elsewhere)
    (root / "other").symlink_to(elsewhere)
    assert await about(root, "password sesame") == ""
    assert await FolderKnowledge(Shelf(), root, "other", 1).about([Message("user", "password sesame")]) == ""


async def test_what_is_no_text_or_not_there_is_left_out(root: Path) -> None:
    (root / "clinic" / "broken.json").write_text("{")
    (root / "clinic" / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (root / "clinic" / "broken.html").write_text("<![odd[ A visit costs nothing. ]]>")
    assert "500" in await about(root, "What does a visit cost?")
    assert await FolderKnowledge(Shelf(), root, "nowhere", 1).about([Message("user", "visit")]) == ""


def test_equal_passages_come_in_their_order_and_none_that_fits_nothing() -> None:
    index = Index(["A lamp.", "A chair.", "A lamp.", "A lamp."])
    assert index.best([("lamp", 1.0)], 2) == ["A lamp.", "A lamp."]
    assert index.best([("carpet", 1.0)], 2) == []
    assert Index([]).best([("lamp", 1.0)], 2) == []
