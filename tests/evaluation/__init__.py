"""How well the knowledge answers customers of three small businesses that were written for this."""
