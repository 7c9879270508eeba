"""What functions share: domains over the platform over the kit."""
