from __future__ import annotations

import pytest

from server.phones import e164
from server.setting_names import SettingsError
from server.settings import Settings


@pytest.mark.parametrize(
    ("given", "country", "found"),
    [
        ("08040000000", "IN", "+918040000000"),
        ("98765 43210", "IN", "+919876543210"),
        ("919876543210", "IN", "+919876543210"),
        ("+14155550192", "IN", "+14155550192"),
        ("4155550192", "US", "+14155550192"),
    ],
)
def test_a_number_is_told_with_its_country(given: str, country: str, found: str) -> None:
    assert e164(given, country) == found


@pytest.mark.parametrize("given", ["", "+", "anonymous", "sip:desk@example.com", "1909", "+1555001", "0" * 300])
def test_what_is_no_number_stays_as_it_is(given: str) -> None:
    assert e164(given, "IN") == given


def test_the_country_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().country == "IN"
    monkeypatch.setenv("VAANI_COUNTRY", "gb")
    assert Settings.load().country == "GB"
    monkeypatch.setenv("VAANI_COUNTRY", "India")
    with pytest.raises(SettingsError, match=r"^The setting VAANI_COUNTRY will not do: it is two letters, as in IN\.$"):
        Settings.load()
