"""Which column of a file is which field of a customer: by its name, or as whoever uploads the file says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from control_api.web.errors import RefusedError, bad
from control_api.web.reading import parsed

TEXTS = frozenset({"name", "phone", "email", "preferred_language", "timezone", "external_id", "extension"})
"""Fields that hold a cell as it stands."""
FLAGS = frozenset({"opted_out", "recording_opt_out"})
FIELDS = TEXTS | FLAGS | {"tags", "metadata"}
SYNONYMS = {
    **dict.fromkeys(("phone_number", "phone_no", "mobile", "mobile_number", "mobile_no", "telephone"), "phone"),
    **dict.fromkeys(("contact_number", "contact_no"), "phone"),
    **dict.fromkeys(("customer_name", "contact_name", "full_name"), "name"),
    **dict.fromkeys(("email_address", "e_mail"), "email"),
    **dict.fromkeys(("opt_out", "do_not_call"), "opted_out"),
    "time_zone": "timezone",
}
"""What files call some fields, in small letters and with `_` for blanks and dashes."""
KEY = "metadata."
"""Before the name of a value of the metadata."""

ColumnMapping = Mapping[str, str | None]
"""Column → a field, or `metadata.` and a name; None: it is left out. A column that is not here goes by its name."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row is what."""

    names: Sequence[str]
    fields: Mapping[str, int]
    metadata: Mapping[str, int]
    nameless: Sequence[int]


def mapping_of(text: str | None) -> ColumnMapping:
    """A mapping from its JSON; None: there is none. Raises RefusedError."""
    if text is None:
        return {}
    try:
        value = parsed(text.encode())
    except RefusedError as refused:
        raise bad(refused.detail.replace("the body", "mapping")) from None
    if not isinstance(value, dict):
        raise bad("mapping must be a JSON object")
    return {column.strip(): _target(column, target) for column, target in value.items()}


def columns_of(names: Sequence[str], mapping: ColumnMapping) -> Columns:
    """For a header whose names have no blanks around them. Raises RefusedError if two columns are for one thing."""
    fields: dict[str, int] = {}
    metadata: dict[str, int] = {}
    own: dict[str, int] = {}
    for place, (name, target) in enumerate(zip(names, targets(names, mapping), strict=True)):
        if target is None:
            continue
        found, what = (metadata, target.removeprefix(KEY)) if target.startswith(KEY) else (fields, target)
        if what in found:
            raise bad(_twice(names[found[what]], name, target))
        found[what] = place
        if target in TEXTS and _plain(name) != target:
            own[name] = place  # files' own words stay variables: {{customer_name}}
    nameless = [place for place, name in enumerate(names) if not name and name not in mapping]
    return Columns(names, fields, {**own, **metadata}, nameless)


def targets(names: Sequence[str], mapping: ColumnMapping) -> list[str | None]:
    """What each column is for."""
    return [mapping[name] if name in mapping else _by_name(name) for name in names]


def _by_name(name: str) -> str | None:
    if not name:
        return None
    plain = _plain(name)
    field = SYNONYMS.get(plain, plain)
    return field if field in FIELDS else KEY + name


def _plain(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.lower())


def _target(column: str, target: object) -> str | None:
    if target is None:
        return None
    if not isinstance(target, str):
        raise bad(f"mapping.{column} must be a field of a customer, {KEY}<name> or null")
    target = target.strip()
    if target.startswith(KEY) and target.removeprefix(KEY).strip():
        return KEY + target.removeprefix(KEY).strip()
    if target and target not in FIELDS:
        raise bad(f"mapping.{column} is {target}, which is neither a field of a customer nor {KEY}<name>")
    return target or None


def _twice(first: str, second: str, target: str) -> str:
    if first == second:
        return f"the file has the column {first} twice"
    return f"the columns {first} and {second} are both for {target}: say in mapping what they are"
