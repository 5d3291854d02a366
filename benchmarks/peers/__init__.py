"""Two well-known frameworks behind Exotel's websocket, so that one load generator can drive them and Vaani alike."""
