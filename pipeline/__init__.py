"""A call's sound, frame by frame. Imports nothing else of this project."""
