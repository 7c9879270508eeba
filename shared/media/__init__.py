"""Media in object storage: what customers send is transferred, checked, stored once, linked to and deleted."""
