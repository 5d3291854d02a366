from __future__ import annotations

from pathlib import Path

import pytest

from server.rehearsal.scenario import ScenarioError, read

GOOD = """
name: A call
plan: {greeting: Hello.}
turns: [{say: Hello}]
"""


def file(folder: Path, text: str) -> Path:
    made = folder / "one.yaml"
    made.write_text(text)
    return made


def test_a_scenario_is_read(tmp_path: Path) -> None:
    assert read(file(tmp_path, GOOD)).turns[0].say == "Hello"


def test_what_yaml_takes_for_a_date_is_a_text(tmp_path: Path) -> None:
    scenario = read(file(tmp_path, GOOD.replace("{greeting: Hello.}", "{variables: {day: 2026-01-01}}")))
    assert scenario.call_plan("").variables == {"day": "2026-01-01"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: [", "one.yaml is no YAML in line 1"),
        ("? [1]\n: 2", "one.yaml "),
        ("name: " + "[" * 1000, "one.yaml is nested too deeply"),
        ("name: A call\nplan: {}\nturns: []", "one.yaml: turns: "),
        (GOOD.replace("greeting: Hello.", "colour: red"), "colour"),
        (GOOD.replace("{say: Hello}", "{say: Hello, press: '1'}"), "a turn has one of say"),
        (GOOD.replace("{say: Hello}", "{say: Hello, expect: {says: ['(']}}"), "is no regular expression"),
        (GOOD.replace("{say: Hello}", "{say: Hello, faults: [{stage: llm, kind: tired}]}"), "faults.0.kind"),
        (GOOD + "colour: red\n", "colour"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(file(tmp_path, text))
    assert sentence in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"gone\.yaml cannot be read"):
        read(tmp_path / "gone.yaml")
