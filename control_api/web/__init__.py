"""One decorator, and all that stands between a request and its handler."""
