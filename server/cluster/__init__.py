"""Several processes on one database: who lives, who holds which call, and how they speak."""
