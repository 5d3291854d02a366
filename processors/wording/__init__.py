"""How a text is cut and worded before it is spoken, where a call plan says so itself."""
