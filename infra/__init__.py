"""How it is deployed, run on one machine and packed; nothing here is part of a deployed function."""
