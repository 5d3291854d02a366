"""Who has picked up a call that was placed: a person, or one of the machines that answer for people."""
