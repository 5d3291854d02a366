"""What a page gives for `{{variables}}` in what the agent says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

_NAME = StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")
_VALUE = StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")

Variables = Annotated[dict[Annotated[str, _NAME], Annotated[str, _VALUE]], Field(max_length=50)]
