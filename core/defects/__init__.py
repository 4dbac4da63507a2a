"""What is known of damage: how it is found, and how it is repaired."""
