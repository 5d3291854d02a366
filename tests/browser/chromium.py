"""Debian's Chromium without a screen, with a microphone that plays a file, and an ear for what goes wrong in a page."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

PROGRAM = shutil.which("chromium")
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
DESK, PHONE = (1280, 800), (390, 844)


def needed(what: object, script: str) -> None:
    """Skips a test that lacks something, but in CI fails it."""
    if not what:
        if os.environ.get("CI") == "true":
            pytest.fail(f"it is not installed: run {script}")
        pytest.skip(f"it is not installed: run {script}")


@asynccontextmanager
async def chromium(microphone: Path | None = None) -> AsyncIterator[Browser]:
    """`microphone` is a WAV file that is played once into it, from when the page opens it; without one it beeps."""
    needed(PROGRAM, "tests/chromium.sh")
    heard = () if microphone is None else (f"--use-file-for-fake-audio-capture={microphone}%noloop",)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=[*QUIET, *heard])
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Listener:
    """Hears what a page complains of."""

    complaints: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)
    """Parts of what a test provokes."""

    def listen(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    @property
    def unforgiven(self) -> list[str]:
        return [one for one in self.complaints if not any(part in one for part in self.forgiven)]


async def violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds of the serious and critical kinds: its rule, why, and where."""
    needed(AXE.is_file(), "tests/browser/npm.sh")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        {"rule": one["id"], "why": one["help"], "where": [node["html"] for node in one["nodes"]][:5]}
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


async def overflows(page: Page) -> bool:
    """Whether it is wider than the window."""
    wide: bool = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
    return wide
