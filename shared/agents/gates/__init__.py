"""What a reply must pass before it may leave: ordered, versioned, pure checks of a draft."""
