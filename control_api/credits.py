"""Credits: what an organisation has left to spend on calls, below which balance it stops, and who is told.

Amounts are shown and given in credits, to four digits after the point, and kept as ten-thousandths of one.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema, field_validator

from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import bad
from control_api.web.shapes import Body, Page, Shown, Time
from dialer.low_credits import judged, to_be_told
from storage.dialing import CreditAccount, CreditEntry, EntryKind
from storage.records import Scope

contract = Contract("Credits", "/credits", v1=None, read=None, write=Scope.KEYS_WRITE)

PARTS = 10_000
"""Of a credit."""
MOST = 10**9
"""Credits at once."""
MOST_IN_ALL = 10**11
"""Credits that a balance may come to, above 0 or below: a JSON number still tells each ten-thousandth of it."""


def _number(value: Any) -> Any:
    if type(value) not in (int, float):
        raise ValueError("must be a number")
    return value


def _parts(amount: Decimal) -> int:
    return int(amount * PARTS)


Given = Annotated[
    Decimal,
    BeforeValidator(_number),
    Field(ge=-MOST, le=MOST, decimal_places=4),
    WithJsonSchema({"type": "number", "minimum": -MOST, "maximum": MOST}),
]
"""A JSON number, taken as it is written."""
Bound = Annotated[
    Decimal,
    BeforeValidator(_number),
    Field(ge=0, le=MOST, decimal_places=4),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST}),
]
Amount = Annotated[int, PlainSerializer(lambda parts: parts / PARTS, return_type=float), Field(examples=[250.5])]
# The HTML standard's valid e-mail address: https://html.spec.whatwg.org/#valid-e-mail-address
Address = Annotated[
    str,
    StringConstraints(
        max_length=254,
        pattern=r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
        r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
    ),
]


class CreditsShown(Shown):
    balance: Amount
    threshold: Amount | None = Field(description="below it every campaign pauses; null: never")
    email: str | None = Field(description="who is written to when that happens; for who may change it")
    is_low: bool
    low_since: Time | None
    letters_failed: int = Field(description="tries in a row to write to `email`")
    price_per_minute: Amount
    price_per_attempt: Amount


class CreditsChange(Body):
    """Only what changes."""

    threshold: Bound | None = None
    email: Address | None = None


class TopUp(Body):
    amount: Given = Field(description="below 0: a correction")
    note: str = Field("", max_length=500)

    @field_validator("amount")
    @classmethod
    def _is_something(cls, amount: Decimal) -> Decimal:
        if not amount:
            raise ValueError("must not be 0")
        return amount


class EntryShown(Shown):
    uuid: str
    kind: EntryKind
    amount: Amount = Field(description="below 0: spent")
    balance: Amount = Field(description="after it")
    call_uuid: str | None
    flow_uuid: str | None
    note: str
    created_at: Time

    @classmethod
    def of(cls, entry: CreditEntry) -> Self:
        return cls(
            uuid=entry.id,
            kind=entry.kind,
            amount=entry.amount,
            balance=entry.balance,
            call_uuid=entry.call_id,
            flow_uuid=entry.flow_id,
            note=entry.note,
            created_at=entry.at,
        )


class LedgerPage(Shown):
    entries: list[EntryShown]
    total: int


@contract.get("")
async def get(asked: Asked) -> CreditsShown:
    """Get what credits are left, and when they count as low."""
    async with asked.read() as work:
        account = await work.credits.account()
    return _shown(asked, account or CreditAccount(asked.organisation, asked.now))


@contract.patch("")
async def change(asked: Asked, body: CreditsChange) -> CreditsShown:
    """Change below which balance every campaign pauses, and who is written to then."""
    async with asked.begin() as work:
        account = await work.credits.held(now=asked.now)
        if "threshold" in body.model_fields_set:
            account = replace(account, threshold=None if body.threshold is None else _parts(body.threshold))
        if "email" in body.model_fields_set:
            account = to_be_told(replace(account, email=body.email), asked.now)
        account = judged(account, asked.now)  # who is not low is not written to
        await work.credits.save(account, now=asked.now)
    return _shown(asked, account)


@contract.post("")
async def add(asked: Asked, body: TopUp) -> CreditsShown:
    """Add credits, or take some back. Campaigns that paused for want of them are resumed by hand."""
    async with asked.begin() as work:
        account = await work.credits.held(now=asked.now)
        account = await work.credits.enter(
            account, [(EntryKind.TOP_UP, _parts(body.amount), None, None, body.note)], at=asked.now
        )
        if abs(account.balance) > MOST_IN_ALL * PARTS:
            raise bad(f"amount would bring the balance beyond {MOST_IN_ALL}")
        account = judged(account, asked.now)
        await work.credits.save(account, now=asked.now)
    return _shown(asked, account)


@contract.get("/ledger")
async def ledger(asked: Asked, query: Page) -> LedgerPage:
    """List what was added and spent, newest first."""
    async with asked.read() as work:
        entries, total = await work.credits.page(query.limit, query.offset)
    return LedgerPage(entries=[EntryShown.of(entry) for entry in entries], total=total)


def _shown(asked: Asked, account: CreditAccount) -> CreditsShown:
    return CreditsShown(
        balance=account.balance,
        threshold=account.threshold,
        email=account.email if Scope.KEYS_WRITE in asked.caller.scopes else None,
        is_low=account.low_since is not None,
        low_since=account.low_since,
        letters_failed=account.letters_failed,
        price_per_minute=asked.services.prices.minute,
        price_per_attempt=asked.services.prices.attempt,
    )
