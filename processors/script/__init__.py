"""The script engine: a conversation written down beforehand, found again by meaning. It is no language model."""
