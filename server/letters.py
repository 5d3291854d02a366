"""A letter to the owner when credits ran low: by e-mail, once for each time that they did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import aiosmtplib

from server.outside import Smtp
from storage.database import Database, DatabaseUnavailableError
from storage.dialing import CreditAccount
from storage.records import Organisation

SECONDS = 10.0
"""Between two looks."""
BATCH = 20
PATIENCE = 20.0
"""Seconds that each step of a delivery may take."""
TAKEN = timedelta(minutes=5)
"""Whoever has not delivered a letter by then has crashed: another writes it."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""After a try that failed, the first, the second...; the last one is waited for again and again."""
PARTS = 10_000
"""Of a credit."""
FOR_GOOD = range(500, 600)
"""Codes of refusals that stay."""

_log = logging.getLogger(__name__)


class Letters:
    """Any number of processes may keep the letters of one database: each is taken before it is sent.

    After a crash one may come twice, with the same Message-ID, but never not at all.
    """

    def __init__(self, database: Database, smtp: Smtp, clock: Callable[[], datetime], *, url: str) -> None:
        """`url` is how the owner reaches this server."""
        self._database, self._smtp, self._clock, self._url = database, smtp, clock, url

    async def keep(self) -> None:
        """Until it is cancelled."""
        own = asyncio.current_task()
        assert own is not None
        while True:
            try:
                looked_at = await self.send()
            except DatabaseUnavailableError as away:
                _log.warning("letters wait for the database", extra={"error": str(away)})
                looked_at = 0
            except Exception:  # noqa: BLE001 - it must outlive a bad round
                _log.exception("letters could not be sent yet")
                looked_at = 0
            if own.cancelling():
                return  # in Python 3.11 `wait_for`, on which aiosmtplib stands, may swallow it
            if looked_at < BATCH:
                await asyncio.sleep(SECONDS)

    async def send(self) -> int:
        """What is due, at most a batch of it. How much that was."""
        async with self._database.read() as work:
            due = await work.credits.letters_due(self._clock(), BATCH)
        for account in due:
            await self._see_to(account)
        return len(due)

    async def _see_to(self, account: CreditAccount) -> None:
        whose = {"organisation": account.organisation_id}
        if not self._smtp.host:
            if await self._settle(account, due=None):
                _log.warning("credits ran low, and no SMTP server is set: the owner was not told", extra=whose)
            return
        taken = replace(account, letter_due=self._clock() + TAKEN)
        if not await self._settle(account, due=taken.letter_due):
            return
        async with self._database.read(account.organisation_id) as work:
            organisation = await work.organisations.get(account.organisation_id)
        assert organisation is not None
        try:
            await self._deliver(_letter(account, organisation, self._smtp.sender, self._url, self._clock()))
        except aiosmtplib.SMTPRecipientsRefused as refused:
            if all(one.code in FOR_GOOD for one in refused.recipients):
                _log.error("the owner's address is refused: it has to be given anew", extra=whose)
                await self._settle(taken, due=None, failed=taken.letters_failed + 1)
            else:
                await self._try_again(taken, refused)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            await self._try_again(taken, error)
        else:
            _log.info("the owner was told that credits are low", extra=whose)
            await self._settle(taken, due=None, failed=0)

    async def _deliver(self, letter: EmailMessage) -> None:
        smtp = self._smtp
        server = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.user or None,
            password=smtp.password.get_secret_value() or None,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            timeout=PATIENCE,
        )
        try:
            await server.connect()
            await server.send_message(letter)
            with suppress(aiosmtplib.SMTPException):  # it has the letter
                await server.quit()
        finally:
            server.close()  # who is cancelled waits for no answer

    async def _try_again(self, taken: CreditAccount, error: Exception) -> None:
        """The error's own text is not logged: it may hold the address."""
        _log.warning(
            "the owner could not be told that credits are low",
            extra={
                "organisation": taken.organisation_id,
                "error": type(error).__name__,
                "code": getattr(error, "code", None),
            },
        )
        wait = WAITS[min(taken.letters_failed, len(WAITS) - 1)]
        await self._settle(taken, due=self._clock() + wait, failed=taken.letters_failed + 1)

    async def _settle(self, account: CreditAccount, *, due: datetime | None, failed: int | None = None) -> bool:
        """False if the letter was another's, or credits came in meanwhile."""
        failed = account.letters_failed if failed is None else failed
        async with self._database.begin(account.organisation_id) as work:
            return await work.credits.letter(account, due=due, failed=failed)


def _letter(account: CreditAccount, organisation: Organisation, sender: str, url: str, now: datetime) -> EmailMessage:
    assert account.email is not None
    assert account.threshold is not None
    assert account.low_since is not None
    name = "".join(sign for sign in " ".join(organisation.name.split()) if sign.isprintable())
    _, _, domain = parseaddr(sender)[1].rpartition("@")
    letter = EmailMessage()
    letter["Subject"] = f"Credits are low: the campaigns of {name} are paused"
    letter["From"] = sender
    letter["To"] = account.email
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{account.organisation_id}.{account.low_since:%Y%m%d%H%M%S%f}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(
        f"The credits of {name} have fallen below the threshold.\n"
        "\n"
        f"Left: {_credits(account.balance)}\n"
        f"Threshold: {_credits(account.threshold)}\n"
        "\n"
        "All campaigns are paused. Each keeps its place: nobody is lost, and nobody will be called twice.\n"
        "Calls that were going on have not been cut off.\n"
        "\n"
        "To go on, add credits (POST /api/voice/credits) until the balance is at the threshold or above, and resume\n"
        "each campaign (POST /api/voice/flows/{id}/resume). Campaigns do not resume by themselves.\n"
        "\n"
        f"{url}\n",
        cte="quoted-printable",  # not every server takes 8 bits
    )
    return letter


def _credits(parts: int) -> str:
    """With at least two digits after the point."""
    whole, rest = divmod(abs(parts), PARTS)
    digits = f"{rest:04}".rstrip("0").ljust(2, "0")
    return f"{'-' if parts < 0 else ''}{whole:,}.{digits}"
