"""What a request is refused with: a status, and one sentence that says what to mend."""

from __future__ import annotations

from pydantic import ValidationError


class RefusedError(Exception):
    """The request is answered with `status` and `{"detail": detail}`, and nothing has been changed."""

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.retry_after = status, detail, retry_after


def bad(detail: str) -> RefusedError:
    """400. The sentence names the field."""
    return RefusedError(400, detail)


def not_found(record: str) -> RefusedError:
    """404, also for what is another organisation's."""
    return RefusedError(404, f"{record} not found")


def conflict(detail: str) -> RefusedError:
    """409."""
    return RefusedError(409, detail)


def sentence(error: ValidationError, whole: str = "the body") -> str:
    """What is wrong with the first field that is; `whole` names what was given, where all of it is wrong."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or whole
    what = first["msg"].removeprefix("Value error, ")
    match first["type"]:
        case "model_type" | "model_attributes_type" | "dict_type":
            what = "must be a JSON object"
        case "missing":
            what = "is required"
        case "extra_forbidden":
            what = "is not a known field"
        case _ if what.startswith("Input should be "):
            what = f"must be {what.removeprefix('Input should be ')}"
        case "value_error":
            pass
        case _:
            what = f"is wrong: {what[0].lower()}{what[1:]}"
    return f"{field} {what}"
