"""A sandbox of a language model's API, in the OpenAI chat-completions wire format: honest, and bad on command."""
