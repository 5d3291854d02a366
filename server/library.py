"""Where the calls of a process look things up."""

from __future__ import annotations

from pathlib import Path

from aiohttp import ClientSession

from processors.knowledge.asked import AskedKnowledge
from processors.knowledge.folder import FolderKnowledge, Shelf
from processors.knowledge.informed import Knowledge
from processors.knowledge.options import KnowledgeOptions


class Library:
    def __init__(self, root: Path, http: ClientSession) -> None:
        """An organisation's folders stand in `root`, in a folder of its id. `http` leads to public addresses only."""
        self._root, self._http = root, http
        self._shelf = Shelf()

    def of(self, organisation: str, options: KnowledgeOptions | None, call: str = "") -> Knowledge | None:
        """For one call. Its documents are read meanwhile, if they have changed."""
        if options is None:
            return None
        if options.server is None:
            return FolderKnowledge(self._shelf, self._root / organisation, options.folder, options.passages)
        server = options.server
        headers = {name: value.get_secret_value() for name, value in server.headers.items()}
        return AskedKnowledge(self._http, server.url, headers, server.seconds, options.passages, call)
