"""What is said over channels: webhooks in, messages out."""
