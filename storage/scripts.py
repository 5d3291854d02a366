"""Scripts: what an agent has to say in a flow."""

from __future__ import annotations

from sqlalchemy import select

from storage.asset_tables import scripts
from storage.assets import Script
from storage.kept import Kept
from storage.tables import flows
from storage.tenancy import Tenancy


class Scripts(Kept[Script]):
    def __init__(self, tenancy: Tenancy) -> None:
        super().__init__(tenancy, scripts, Script)

    async def used(self, script: Script) -> int:
        """How many flows name it."""
        naming = flows.c.script_id == script.id
        return await self._tenancy.count(select(flows.c.id).where(naming, self._tenancy.mine(flows)))
