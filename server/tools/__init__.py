"""What a model may have done: the toolbox of a call, and what it can do in the office's books and on the line."""
