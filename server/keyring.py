"""The keys that credentials at rest are sealed with: from the settings, or from a file made at the first start."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from server.resealing import anything_sealed, reseal
from server.settings import Settings
from server.start import StartError, alone
from storage.database import Database
from storage.sealing import KEY_BYTES, Seal, key_from, written

FILE = "secret.key"
"""In the data folder: a key a line, the current one first. The older ones only open what they sealed."""


def keyring(settings: Settings) -> Seal:
    """Waits for the disk: call it from a thread. Raises StartError."""
    if settings.encryption_key is not None:
        return Seal.of(key_from(text) for text in settings.encryption_key.get_secret_value().split(","))
    file = _file(settings)
    try:
        if not file.exists():
            with suppress(FileExistsError):  # another process was quicker: its key it is
                _write(file, [os.urandom(KEY_BYTES)], os.link)
        return Seal.of(_read(file))
    except OSError as error:
        raise _unusable(file, error) from None


async def rotate(settings: Settings, database: Database) -> int:
    """Seals everything under a new key, which goes on top of the file; how many records that were.

    Keys in the settings are changed there: then everything is sealed under the first of them. With a file, no server
    may run: it would not know the new key. Cut short at any moment, all keys are there and everything opens.
    Raises StartError and SealedError.
    """
    with alone(settings.data_dir) if settings.encryption_key is None else nullcontext():
        await not_lost(settings, database)
        seal = await asyncio.to_thread(_with_a_new_key, settings)
        return await reseal(database, seal)


async def not_lost(settings: Settings, database: Database) -> None:
    """Raises StartError if something is sealed and the file with its key is not there: a new key would not open it."""
    if settings.encryption_key is not None or await asyncio.to_thread(_file(settings).exists):
        return
    if await anything_sealed(database):
        raise StartError(
            f"The database holds sealed credentials and there is no key to open them: bring {_file(settings)} back, "
            "or set VAANI_ENCRYPTION_KEY."
        )


def _with_a_new_key(settings: Settings) -> Seal:
    if settings.encryption_key is None:
        file = _file(settings)
        try:
            older = _read(file) if file.exists() else []
            _write(file, [os.urandom(KEY_BYTES), *older], os.replace)
        except OSError as error:
            raise _unusable(file, error) from None
    return keyring(settings)


def _file(settings: Settings) -> Path:
    return (settings.data_dir / FILE).resolve()


def _unusable(file: Path, error: OSError) -> StartError:
    return StartError(f"The key file {file} cannot be used: {error.strerror}.")


def _read(file: Path) -> list[bytes]:
    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_mode & 0o077:
            raise StartError(f"The key file {file} can be used by others: take their rights away with chmod 600.")
        lines = opened.read().decode("ascii", "replace").splitlines()
    try:
        keys = [key_from(line) for line in lines if line.strip()]
    except ValueError:
        raise StartError(f"The key file {file} will not do: each line is {KEY_BYTES} bytes in base64.") from None
    if not keys:
        raise StartError(f"The key file {file} is empty: bring its keys back from a copy.")
    return keys


def _write(file: Path, keys: Sequence[bytes], put: Callable[[str, Path], None]) -> None:
    """Whole or not at all, also when the power goes; at no moment can others read it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, new = tempfile.mkstemp(prefix=f"{FILE}.", dir=file.parent)  # O_EXCL, mode 0600
    try:
        with os.fdopen(descriptor, "w") as opened:
            opened.writelines(f"{written(key)}\n" for key in keys)
            opened.flush()
            os.fsync(opened.fileno())
        put(new, file)
    finally:
        Path(new).unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
