"""Who calls: the JWT that CDS clients send, and what is refused."""
