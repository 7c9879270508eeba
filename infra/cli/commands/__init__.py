"""What each command takes; a module for each, light to import."""
