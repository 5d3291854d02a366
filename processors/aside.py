"""Where a frame joins the road that no stage has made."""

from __future__ import annotations

from pipeline.frames import Frame
from pipeline.processor import Processor


class Aside(Processor):
    """Passes everything on, and lets in what it is told: what a provider of a stage before it has to report."""

    def tell(self, frame: Frame) -> None:
        self.emit(frame)
