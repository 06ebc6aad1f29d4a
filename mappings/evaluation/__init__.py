"""What a record says about each kind of rule. Three-valued, with the evidence that decided it."""
