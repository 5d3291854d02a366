"""The command line."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from server import keys_cli, logs, secrets_cli
from server.command import console, fail, quiet_settings, read_settings, run, welcome
from server.settings import Settings

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    help="Vaani: a self-hosted voice-AI phone server.",
    rich_markup_mode=None,
)
app.add_typer(keys_cli.app, name="keys")
app.add_typer(secrets_cli.app, name="secrets")


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Without a command: serve."""
    if context.invoked_subcommand is None:
        serve()


@app.command()
def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer on one port, instead of VAANI_WORKERS.")
    ] = None,
) -> None:
    """Answer calls until SIGTERM; then let the live ones finish. SIGHUP replaces several processes one by one."""
    settings = read_settings()
    logs.configure(settings.log_level, settings.log_format)
    count = workers or settings.workers
    if count > 1:
        from server.cluster.workers import serve_many

        run(serve_many(settings, count))
    else:
        run(_serve(settings))


@app.command(hidden=True)
def worker(node: str, slot: int, door: int, line: int) -> None:
    """One of several processes: a parent starts it, with the file descriptors of its sockets."""
    from server.cluster.seat import Parent, Seat
    from server.cluster.worker import work

    settings = read_settings()
    logs.configure(settings.log_level, settings.log_format)
    run(work(settings, Seat(node, slot, socket.socket(fileno=door)), Parent(socket.socket(fileno=line))))


@app.command()
def call(
    file: Annotated[
        Path | None, typer.Option(help="A sound file to be the caller, instead of the demo caller.")
    ] = None,
) -> None:
    """Call the running server, or a private one, as a simulated person, and watch it live."""
    from server.caller import place
    from server.visit import VisitError

    settings = quiet_settings()
    try:
        run(place(settings, console, file))
    except VisitError as error:
        fail(str(error), 1)


@app.command()
def campaign(
    contacts: Annotated[int, typer.Option(min=1, max=800, help="How many people are called.")] = 200,
    retries: Annotated[
        int, typer.Option(min=0, max=10, help="How often those who were not reached are tried again, a minute later.")
    ] = 1,
) -> None:
    """Run a campaign of simulated calls on the running server, or a private one, and watch it live."""
    from server.campaign_demo import Demonstration, demonstrate
    from server.visit import VisitError

    settings = quiet_settings()
    try:
        run(demonstrate(settings, console, Demonstration(contacts, retries)))
    except VisitError as error:
        fail(str(error), 1)


@app.command()
def prepare() -> None:
    """Make the models ready, once; later starts find them so."""
    from processors.models import ModelMissing
    from server import warmup

    settings = read_settings()
    try:
        with console.status("Preparing the models"):
            asyncio.run(warmup.prepare(settings.models_dir))
    except ModelMissing as missing:
        fail(str(missing), 1)
    console.print("The models are ready.")


@app.command()
def train(
    weights: Annotated[Path, typer.Option(help="Folder of Chatterbox's PyTorch weights.")],
    speaker: Annotated[str | None, typer.Argument(help="This one alone; else all that wait, oldest first.")] = None,
) -> None:
    """Fine-tune the speakers whose training was asked for, on this machine's GPU. Needs PyTorch and PEFT here."""
    from server.training.chatterbox_lora import ChatterboxLora
    from server.training.command import train_all

    count = run(train_all(read_settings(), ChatterboxLora(weights), speaker))
    console.print(f"{count} trainings were taken on." if count else "No training waits.")


@app.command()
def scenarios(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files, or folders of them.", exists=True)] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the report as JSON.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Where to write the report as JUnit's XML.")] = None,
) -> None:
    """Hold the calls that scenarios describe, and say whether each went as it should. Exit status 1 if one did not."""
    from server.rehearsal import cli

    cli.scenarios(quiet_settings(), paths or [Path("scenarios")], out, junit)


@app.command()
def replay(
    call: Annotated[str, typer.Argument(metavar="CALL", help="Its id: cal_…")],
    live: Annotated[bool, typer.Option("--live", help="Ask today's providers, in real time.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the comparison as JSON.")] = None,
) -> None:
    """Run a recorded call again through today's pipeline, and compare. Exit status 1 if something got worse."""
    from server.rehearsal import cli

    cli.replay(quiet_settings(), call, out, live=live)


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
        welcome(server.url, server.first_key)
        console.print("Try it: `make call` in another terminal places a spoken call. Ctrl-C stops the server.")
        await stop.wait()
        live = len(server.switchboard)
        if live:
            console.print(f"Waiting for {live} live calls to finish. Once more stops at once.")
        await server.switchboard.drain(settings.drain_seconds)
