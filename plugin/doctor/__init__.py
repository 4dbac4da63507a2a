"""What is installed, what this machine has, and what does not work here."""
