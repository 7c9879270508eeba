"""The database's schema: numbered SQL files, and the code that runs them."""
