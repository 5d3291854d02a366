"""A call from a browser over WebRTC: Opus and a data channel, by aiortc."""
