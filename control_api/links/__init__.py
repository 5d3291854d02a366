"""Others' systems: integrations, and webhooks."""
