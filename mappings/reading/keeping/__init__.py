"""What may be kept from one record to the next, and what may not."""
