"""What an agent can look up: documents in a folder, or a server of the user's."""
