"""What is not to be kept of a call, and what is not to reach its model."""
