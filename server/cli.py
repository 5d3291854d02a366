"""The command line."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import uvloop
from rich.console import Console

from server import logs
from server.settings import Settings, SettingsError
from server.start import StartError
from storage.database import UnusableDatabaseError

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    help="Vaani: a self-hosted voice-AI phone server.",
    rich_markup_mode=None,
)
_console = Console(highlight=False, soft_wrap=True)

BAD_SETTING = 2


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Without a command: serve."""
    if context.invoked_subcommand is None:
        serve()


@app.command()
def serve() -> None:
    """Answer calls until SIGTERM; then let the live ones finish."""
    settings = _settings()
    logs.configure(settings.log_level, settings.log_format)
    _run(_serve(settings))


@app.command()
def call(
    file: Annotated[
        Path | None, typer.Option(help="A sound file to be the caller, instead of the demo caller.")
    ] = None,
) -> None:
    """Call the running server, or a private one, as a simulated person, and watch it live."""
    from server.caller import CallError, place

    settings = _settings()
    logs.configure("warning", settings.log_format)
    try:
        _run(place(settings, _console, file))
    except CallError as error:
        _fail(str(error), 1)


@app.command()
def prepare() -> None:
    """Make the models ready, once; later starts find them so."""
    from processors.models import ModelMissing
    from server import warmup

    settings = _settings()
    try:
        with _console.status("Preparing the models"):
            asyncio.run(warmup.prepare(settings.models_dir))
    except ModelMissing as missing:
        _fail(str(missing), 1)
    _console.print("The models are ready.")


async def _serve(settings: Settings) -> None:
    from server.wiring import running

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def asked_to_stop() -> None:
        if stop.is_set():
            os._exit(1)  # asked twice: at once, as kill would
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked_to_stop)
    async with running(settings) as server:
        _console.print(f"Vaani answers at {server.url}")
        if server.first_key:
            _console.print(f"Your first API key, shown only now: {server.first_key}")
        _console.print("Try it: `make call` in another terminal places a spoken call. Ctrl-C stops the server.")
        await stop.wait()
        live = len(server.switchboard)
        if live:
            _console.print(f"Waiting for {live} live calls to finish. Once more stops at once.")
        await server.switchboard.drain(settings.drain_seconds)


def _settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        _fail(str(error), BAD_SETTING)


def _fail(sentence: str, status: int) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 - what the user is told
    raise typer.Exit(status)


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except UnusableDatabaseError as error:
        _fail(f"{str(error)[0].upper()}{str(error)[1:]}.", BAD_SETTING)
    except StartError as error:
        _fail(str(error), 1)
