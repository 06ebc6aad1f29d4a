"""Whether a trial is open, changed without redeploying."""
