"""The service as a hospital runs it: registered clients, several workers, and everything around failing."""
