"""What departments and agents can be set to: a schema per agent type, its checks, and when an agent runs next."""
