"""What processes share: database, bus, recordings. Imports nothing else of this project."""
