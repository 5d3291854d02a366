"""A call from a page in a browser, over a WebSocket: raw sound both ways, and JSON between."""
