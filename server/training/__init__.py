"""Fine-tuning of speakers, by a process of its own where a GPU and the weights are."""
