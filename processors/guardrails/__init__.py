"""What the language model may not say: told from what it says, before it is spoken."""
