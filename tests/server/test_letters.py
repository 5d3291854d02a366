"""The letter to the owner, through a real SMTP server."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from server import letters
from server.letters import Letters
from server.outside import Smtp
from server.setting_names import SettingsError
from server.settings import Settings
from storage.database import Database
from storage.dialing import CreditAccount
from storage.seed import Seeded
from tests.patience import until
from tests.storage.samples import NOW

HOST = "127.0.0.1"
OWNER = "owner@example.com"
SECRET = "hunter2-hunter2"
URL = "https://voice.example.com"


@dataclass
class Mailbox:
    """What a server does with letters, as aiosmtpd asks for it."""

    letters: list[Envelope] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """To the next recipients, in place of taking them."""

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.letters.append(envelope)
        return "250 OK"


def the_letter(box: Mailbox) -> EmailMessage:
    """The only one."""
    (envelope,) = box.letters
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@asynccontextmanager
async def mail_server(box: Mailbox, port: int = 0, **more: Any) -> AsyncIterator[int]:
    """Its port."""
    loop, transports = asyncio.get_running_loop(), []

    class Noted(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.append(transport)
            super().connection_made(transport)

    server = await loop.create_server(lambda: Noted(box, hostname="mail.example.com", **more), HOST, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in transports:
            transport.close()
        await server.wait_closed()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of a server that this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    who, start = x509.Name([]), datetime.now(UTC) - timedelta(days=1)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    builder = x509.CertificateBuilder(who, who, key.public_key(), 1, start, start + timedelta(days=9))
    builder = builder.add_extension(names, critical=True)
    signed = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "server.pem"
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def low(database: Database, seeded: Seeded, **more: Any) -> None:
    about: dict[str, Any] = {
        "balance": 12_3400,
        "threshold": 1_250_5000,
        "email": OWNER,
        "low_since": NOW,
        "letter_due": NOW,
        **more,
    }
    async with database.begin(seeded.organisation) as work:
        await work.credits.save(replace(await work.credits.held(now=NOW), **about), now=NOW)


async def account(database: Database, seeded: Seeded) -> CreditAccount:
    async with database.read(seeded.organisation) as work:
        found = await work.credits.account()
    assert found is not None
    return found


def plain(port: int) -> Smtp:
    return Smtp(host=HOST, port=port, sender="Vaani <vaani@example.com>", tls="none")


def signed_in(port: int, tls: Any) -> Smtp:
    return Smtp(host=HOST, port=port, sender="vaani@example.com", tls=tls, user="me", password=SecretStr(SECRET))


async def test_the_owner_is_told_once_and_in_full(database: Database, seeded: Seeded, clock: Clock) -> None:
    await low(database, seeded)
    box = Mailbox()
    async with mail_server(box) as port:
        them = Letters(database, plain(port), clock, url=URL)
        assert await them.send() == 1
        assert await them.send() == 0
    letter = the_letter(box)
    assert box.letters[0].mail_from == "vaani@example.com"
    assert box.letters[0].rcpt_tos == [OWNER]
    assert (letter["From"], letter["To"]) == ("Vaani <vaani@example.com>", OWNER)
    assert letter["Subject"] == "Credits are low: the campaigns of My organisation are paused"
    assert letter["Date"].datetime == NOW
    assert letter["Message-ID"] == f"<{seeded.organisation}.20260301093000000000@example.com>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    text = letter.get_content().replace("\r\n", "\n")
    for said in (
        "My organisation",
        "Left: 12.34\n",
        "Threshold: 1,250.50\n",
        "paused",
        "keeps its place",
        "resume",
        URL,
    ):
        assert said in text
    after = await account(database, seeded)
    assert (after.letter_due, after.letters_failed, after.low_since) == (None, 0, NOW)


async def test_a_name_of_any_script_and_shape_goes_out_whole(database: Database, seeded: Seeded, clock: Clock) -> None:
    async with database.begin(seeded.organisation) as work:
        organisation = await work.organisations.get(seeded.organisation)
        assert organisation is not None
        await work.organisations.save(replace(organisation, name="रोशनी\r\nBcc: all@example.com\x07"))
    await low(database, seeded, balance=-1)
    box = Mailbox()
    async with mail_server(box) as port:
        await Letters(database, plain(port), clock, url=URL).send()
    assert box.letters[0].rcpt_tos == [OWNER]
    assert the_letter(box)["Subject"] == "Credits are low: the campaigns of रोशनी Bcc: all@example.com are paused"
    assert the_letter(box)["Bcc"] is None
    assert "Left: -0.0001\r\n" in the_letter(box).get_content()
    assert all(byte < 128 for byte in box.letters[0].original_content or b"")


async def test_who_is_not_low_is_not_written_to(database: Database, seeded: Seeded, clock: Clock) -> None:
    await low(database, seeded, low_since=None, letter_due=None)
    box = Mailbox()
    async with mail_server(box) as port:
        assert await Letters(database, plain(port), clock, url=URL).send() == 0
    assert box.letters == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_it_signs_in_over_a_line_that_nobody_reads(
    database: Database, seeded: Seeded, clock: Clock, certificate: ssl.SSLContext, tls: str
) -> None:
    shown: list[tuple[bytes, bytes]] = []

    def judge(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        shown.append((data.login, data.password))
        return AuthResult(success=data.password == SECRET.encode(), handled=False)

    await low(database, seeded)
    box = Mailbox()
    secured: dict[str, Any] = {"authenticator": judge, "auth_required": True, "tls_context": certificate}
    if tls == "starttls":
        served = mail_server(box, require_starttls=True, **secured)
    else:
        served = mail_server_over_tls(box, certificate, judge)
    async with served as port:
        await Letters(database, signed_in(port, tls), clock, url=URL).send()
        assert shown == [(b"me", SECRET.encode())]
        assert the_letter(box)["To"] == OWNER
        await low(database, seeded)
        wrong = signed_in(port, tls).model_copy(update={"password": SecretStr("wrong")})
        await Letters(database, wrong, clock, url=URL).send()
    assert len(box.letters) == 1
    assert (await account(database, seeded)).letters_failed == 1


@asynccontextmanager
async def mail_server_over_tls(
    box: Mailbox, certificate: ssl.SSLContext, judge: Callable[..., AuthResult]
) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, hostname="mail.example.com", authenticator=judge, auth_require_tls=False),
        HOST,
        0,
        ssl=certificate,
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_server_without_starttls_gets_no_password_and_no_letter(
    database: Database, seeded: Seeded, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await low(database, seeded)
    box = Mailbox()
    async with mail_server(box) as port:
        await Letters(database, signed_in(port, "starttls"), clock, url=URL).send()
    assert box.letters == []
    after = await account(database, seeded)
    assert (after.letters_failed, after.letter_due) == (1, NOW + timedelta(minutes=1))
    assert "the owner could not be told" in caplog.text
    assert all(word not in repr(vars(record)) for record in caplog.records for word in (OWNER, SECRET))


async def test_a_certificate_that_nobody_signed_is_not_believed(
    database: Database, seeded: Seeded, clock: Clock, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    await low(database, seeded)
    box = Mailbox()
    async with mail_server(box, tls_context=certificate) as port:
        await Letters(database, signed_in(port, "starttls"), clock, url=URL).send()
    assert box.letters == []
    assert (await account(database, seeded)).letters_failed == 1


async def test_while_the_server_is_down_it_waits_longer_each_time_and_then_delivers(
    database: Database, seeded: Seeded, clock: Clock
) -> None:
    box = Mailbox()
    async with mail_server(box) as port:
        pass
    await low(database, seeded)
    them = Letters(database, plain(port), clock, url=URL)
    for failed, minutes in enumerate((1, 5, 15, 60, 60), 1):
        assert await them.send() == 1
        after = await account(database, seeded)
        assert (after.letters_failed, after.letter_due) == (failed, clock.now + timedelta(minutes=minutes))
        clock.now += timedelta(minutes=minutes, seconds=-1)
        assert await them.send() == 0
        clock.now += timedelta(seconds=1)
    async with mail_server(box, port):
        assert await them.send() == 1
    assert the_letter(box)["To"] == OWNER
    after = await account(database, seeded)
    assert (after.letters_failed, after.letter_due) == (0, None)


async def test_an_address_that_is_refused_for_now_is_tried_again(
    database: Database, seeded: Seeded, clock: Clock
) -> None:
    await low(database, seeded)
    box = Mailbox(answers=["450 4.2.1 Come again"])
    async with mail_server(box) as port:
        them = Letters(database, plain(port), clock, url=URL)
        await them.send()
        assert (await account(database, seeded)).letter_due == NOW + timedelta(minutes=1)
        clock.now += timedelta(minutes=1)
        await them.send()
    assert the_letter(box)["To"] == OWNER


async def test_an_address_that_is_refused_for_good_is_not_tried_again(
    database: Database, seeded: Seeded, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await low(database, seeded)
    box = Mailbox(answers=[f"550 5.1.1 There is no {OWNER}"])
    async with mail_server(box) as port:
        them = Letters(database, plain(port), clock, url=URL)
        await them.send()
        clock.now += timedelta(days=1)
        assert await them.send() == 0
    after = await account(database, seeded)
    assert (after.letters_failed, after.letter_due) == (1, None)
    assert "the owner's address is refused" in caplog.text
    assert all(OWNER not in repr(vars(record)) for record in caplog.records)


async def test_without_a_server_the_log_says_so_once(
    database: Database, seeded: Seeded, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await low(database, seeded)
    them = Letters(database, Smtp(), clock, url=URL)
    assert [await them.send() for _ in range(2)] == [1, 0]
    assert caplog.text.count("no SMTP server is set") == 1


async def test_of_several_processes_one_writes(database: Database, seeded: Seeded, clock: Clock) -> None:
    await low(database, seeded)
    box = Mailbox()
    async with mail_server(box) as port:
        await asyncio.gather(*(Letters(database, plain(port), clock, url=URL).send() for _ in range(5)))
    assert len(box.letters) == 1


async def test_what_a_crash_left_unsent_another_process_sends(
    database: Database, seeded: Seeded, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(self: Letters, letter: EmailMessage) -> None:
        raise asyncio.CancelledError

    await low(database, seeded)
    box = Mailbox()
    async with mail_server(box) as port:
        with monkeypatch.context() as patched:
            patched.setattr(Letters, "_deliver", crash)
            with pytest.raises(asyncio.CancelledError):
                await Letters(database, plain(port), clock, url=URL).send()
        other = Letters(database, plain(port), clock, url=URL)
        assert await other.send() == 0
        clock.now += letters.TAKEN
        assert await other.send() == 1
    assert the_letter(box)["To"] == OWNER


async def test_credits_that_come_in_while_a_letter_is_sent_stay_in(
    database: Database, seeded: Seeded, clock: Clock
) -> None:
    await low(database, seeded)
    box = Mailbox(answers=["450 4.2.1 Come again"])
    taken = box.handle_RCPT

    async def meanwhile(*arguments: Any) -> str:
        await low(database, seeded, low_since=None, letter_due=None, letters_failed=0)
        return await taken(*arguments)

    box.handle_RCPT = meanwhile  # type: ignore[assignment,method-assign]
    async with mail_server(box) as port:
        await Letters(database, plain(port), clock, url=URL).send()
    after = await account(database, seeded)
    assert (after.low_since, after.letter_due, after.letters_failed) == (None, None, 0)


async def test_they_are_kept_until_cancelled_whatever_happens(
    database: Database,
    seeded: Seeded,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(letters, "SECONDS", 0.01)
    box, broken = Mailbox(), [ZeroDivisionError("a bug")]
    whole = Letters.send

    async def once_broken(self: Letters) -> int:
        if broken:
            raise broken.pop()
        return await whole(self)

    monkeypatch.setattr(Letters, "send", once_broken)
    await low(database, seeded)
    async with mail_server(box) as port:
        task = asyncio.create_task(Letters(database, plain(port), clock, url=URL).keep())
        await until(lambda: bool(box.letters))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "letters could not be sent yet" in caplog.text


def test_the_environment_names_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.load().smtp.host == ""
    given = {"HOST": "mail.example.com", "PORT": "2525", "USER": "me", "PASSWORD": SECRET, "FROM": "V <v@example.com>"}
    for name, value in {**given, "TLS": "TLS"}.items():
        monkeypatch.setenv(f"VAANI_SMTP_{name}", value)
    smtp = Settings.load().smtp
    assert (smtp.host, smtp.port, smtp.user, smtp.sender, smtp.tls) == (
        "mail.example.com",
        2525,
        "me",
        "V <v@example.com>",
        "tls",
    )
    assert smtp.password.get_secret_value() == SECRET
    assert SECRET not in repr(smtp)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"HOST": "mail"}, "VAANI_SMTP_HOST and VAANI_SMTP_FROM are given together"),
        ({"HOST": "mail", "FROM": "vaani"}, "The setting VAANI_SMTP_FROM will not do: it is written like"),
        ({"HOST": "mail", "FROM": "a@b.c", "USER": "me"}, "VAANI_SMTP_USER and VAANI_SMTP_PASSWORD are given together"),
        ({"TLS": "ssl"}, "The setting VAANI_SMTP_TLS will not do"),
        ({"SENDER": "a@b.c"}, "There is no setting VAANI_SMTP_SENDER"),
    ],
)
def test_a_bad_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(f"VAANI_SMTP_{name}", value)
    with pytest.raises(SettingsError, match=sentence):
        Settings.load()
