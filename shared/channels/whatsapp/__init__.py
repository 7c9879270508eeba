"""The WhatsApp Cloud API: its signature, its handshake and the shapes that it posts."""
