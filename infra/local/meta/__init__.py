"""A stand-in for Meta's Graph API: takes WhatsApp messages, checks them, and sends webhooks back, signed."""
