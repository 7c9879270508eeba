"""Documents on their way into an organization's knowledge, and its re-embedding: rows that are claimed and finished."""
