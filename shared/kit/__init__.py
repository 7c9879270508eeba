"""Pure and small: no connection, no cloud, nothing but the standard library."""
