"""The stand-in for Exotel as a process of its own, which tells its URL in a line of JSON and runs until it is ended."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Manner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="a line of JSON for each dial that was accepted")
    parser.add_argument("--ring", type=float, default=0.02, help="seconds")
    parser.add_argument("--talk", type=float, default=0.02, help="seconds")
    parser.add_argument("--accept-delay", type=_between, default=(0.0, 0.0), metavar="MIN:MAX", help="seconds")
    parser.add_argument("--placed-late", action="store_true", help="calls are placed after that delay, not before")
    parser.add_argument("--lose-answers", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--callbacks", choices=("json", "form", "multipart", "none"), default="json")
    parser.add_argument("--minimal", action="store_true", help="callbacks of four fields")
    parser.add_argument("--copies", type=int, default=1, help="of each callback")
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--missing", type=float, default=0.0, metavar="SHARE", help="of the callbacks")
    parser.add_argument("--open-streams", action="store_true")
    parser.add_argument("--no-custom-field", action="store_true", help="the list of calls does not tell it")
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    manner = Manner(
        ring=told.ring,
        talk=told.talk,
        accept_delay=told.accept_delay,
        placed_late=told.placed_late,
        lose_answers=told.lose_answers,
        callbacks=told.callbacks,
        extended=not told.minimal,
        copies=told.copies,
        shuffled=told.shuffled,
        missing=told.missing,
        lists_custom_field=not told.no_custom_field,
        opens_streams=told.open_streams,
        seed=told.seed,
    )
    asyncio.run(_run(ExotelExchange(manner, port=told.port, log=told.log)))


async def _run(exchange: ExotelExchange) -> None:
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with exchange:
        sys.stdout.write(json.dumps({"url": exchange.url}) + "\n")
        sys.stdout.flush()
        await ended.wait()


def _between(text: str) -> tuple[float, float]:
    least, _, most = text.partition(":")
    return float(least), float(most or least)


if __name__ == "__main__":
    main()
