"""Instagram messaging: what it posts besides the shapes of the Messenger Platform."""
