"""What AI agents do with a conversation: answering turns."""
