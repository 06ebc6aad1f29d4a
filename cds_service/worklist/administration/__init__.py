"""How the service is doing, for whoever runs it: nothing in it is about a patient."""
