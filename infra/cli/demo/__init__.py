"""`departments demo`: plays a conversation on a system of its own and checks what came of it."""
