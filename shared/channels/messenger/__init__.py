"""The Messenger Platform, which Instagram messaging is part of: the shapes that both of them post."""
