"""What operators see of an installation, and what they decide while it runs."""
