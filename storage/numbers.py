"""Numbers that calls are made from."""

from __future__ import annotations

from sqlalchemy import Text, cast, or_, select

from storage.asset_tables import phone_numbers
from storage.assets import PhoneNumber
from storage.kept import Kept
from storage.tables import flows
from storage.tenancy import Tenancy


class Numbers(Kept[PhoneNumber]):
    def __init__(self, tenancy: Tenancy) -> None:
        super().__init__(tenancy, phone_numbers, PhoneNumber)

    async def is_free(self, number: str) -> bool:
        """Whether no organisation has it yet. Nobody else can add it until the end of the transaction."""
        async with self._tenancy.unbound() as everybody:
            await everybody.alone(phone_numbers)
            return await everybody.row(select(phone_numbers.c.id).where(phone_numbers.c.number == number)) is None

    async def used(self, number: PhoneNumber) -> int:
        """How many flows name it, by its id or as it is dialled."""
        listed = cast(flows.c.phone_numbers, Text).contains(f'"{number.id}"', autoescape=True)
        naming = or_(listed, flows.c.phone_number == number.number)
        return await self._tenancy.count(select(flows.c.id).where(naming, self._tenancy.mine(flows)))
