"""What a business knows: documents become chunks with vectors and words, and a question finds the passages about it."""
