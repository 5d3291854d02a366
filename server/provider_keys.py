"""The key of a provider that a call plan names without one: that of the organisation's account, for this call alone."""

from __future__ import annotations

from typing import Any

from processors import catalogue
from server.call_plan import CallPlan, Choice, Fallback
from storage.assets import Integration, IntegrationKind
from storage.database import UnitOfWork
from storage.sealing import Seal, integration_secret

KEY, PLACE = "api_key", "base_url"
HOSTED = "pipecat"


async def with_keys(plan: CallPlan, own: UnitOfWork, seal: Seal) -> CallPlan:
    """What comes back holds keys in the clear, and is never to be stored. `own` is bound to the organisation.

    Raises SealedError for a key that is needed and cannot be opened.
    """
    planned = {stage: getattr(plan, stage) for stage in catalogue.STAGES}
    choices: dict[catalogue.Stage, Choice] = {stage: choice for stage, choice in planned.items() if choice is not None}
    if not any(_wants(stage, one) for stage, choice in choices.items() for one in (choice, *choice.fallbacks)):
        return plan
    kept = await own.integrations.every()
    accounts = {account.provider: account for account in kept if account.kind is IntegrationKind.VOICE}

    def filled(stage: catalogue.Stage, one: Fallback) -> dict[str, Any]:
        account = accounts.get(one.provider) if _wants(stage, one) else None
        return dict(one.options) if account is None else {**one.options, **_credentials(one, account, seal)}

    def whole(stage: catalogue.Stage, choice: Choice) -> Choice:
        fallbacks = (one.model_copy(update={"options": filled(stage, one)}) for one in choice.fallbacks)
        return choice.model_copy(update={"options": filled(stage, choice), "fallbacks": tuple(fallbacks)})

    return plan.model_copy(update={stage: whole(stage, choice) for stage, choice in choices.items()})


def _wants(stage: catalogue.Stage, one: Fallback) -> bool:
    """A name that there is no provider for is told where the call's stages are made.

    A hosted service goes wherever its plan says, so it is given no key.
    """
    if one.options.get(KEY) or one.provider == HOSTED or one.provider not in catalogue.names(stage):
        return False
    return KEY in catalogue.load(stage, one.provider).Options.model_fields


def _credentials(one: Fallback, account: Integration, seal: Seal) -> dict[str, Any]:
    """Nothing if it is to go to another place than the account is for: that place would learn the key."""
    home = account.settings.get(PLACE)
    if one.options.get(PLACE, home) != home or KEY not in account.secrets:
        return {}
    key = seal.open(
        account.secrets[KEY], organisation=account.organisation_id, name=integration_secret(account.provider, KEY)
    )
    return {KEY: key} if home is None else {KEY: key, PLACE: home}
