"""Organizations: the tenants, and what each needs before its first message can be answered."""
