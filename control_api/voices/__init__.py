"""Who speaks in a call: agents, providers, samples, and voices of the customer's own."""
