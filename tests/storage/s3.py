"""An object store on a port of this machine, over real HTTP: moto's stand-in for Amazon S3."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import boto3  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

from storage.recording_store import Bucket

NAME = "recordings"
KEYS = {"access_key": "access", "secret_key": "secret"}


@dataclass
class S3:
    """`stop` takes it away, `start` brings it back at the same address, with all that was in it."""

    port: int = 0

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    def stop(self) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, prefix: str = "") -> Bucket:
        """One that is empty."""
        client = self._client()
        client.create_bucket(Bucket=NAME)
        for object_ in client.list_objects_v2(Bucket=NAME).get("Contents", []):
            client.delete_object(Bucket=NAME, Key=object_["Key"])
        return replace(Bucket(NAME, prefix), endpoint=self.url, region="us-east-1", **KEYS)

    def names(self) -> list[str]:
        return [each["Key"] for each in self._client().list_objects_v2(Bucket=NAME).get("Contents", [])]

    def content_type(self, name: str) -> str:
        found: str = self._client().head_object(Bucket=NAME, Key=name)["ContentType"]
        return found

    def _client(self) -> Any:
        keys = {"aws_access_key_id": KEYS["access_key"], "aws_secret_access_key": KEYS["secret_key"]}
        return boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **keys)


@contextmanager
def running() -> Iterator[S3]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    s3 = S3()
    s3.start()
    try:
        yield s3
    finally:
        s3.stop()
