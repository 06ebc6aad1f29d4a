"""Every connection that this service opens: which addresses, how long, and what is never sent along."""
