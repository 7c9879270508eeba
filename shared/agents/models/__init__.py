"""Language models through pydantic-ai: which one, its client, its times, its fallback, and the account of its calls."""
