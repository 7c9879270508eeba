"""What models used and what it cost: the ledger of their calls, and their prices."""
