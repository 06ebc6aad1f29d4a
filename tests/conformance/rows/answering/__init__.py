"""What the service answers: JSON, status, cards and what is in them."""
