"""What a model may have done in a call, beside talking."""
