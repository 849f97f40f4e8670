"""What is seen: scenes that a camera moves through, and the words over them."""
