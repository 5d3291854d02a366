"""What others are told of a call in Vapi's words: its own server, its page, and Langfuse."""
