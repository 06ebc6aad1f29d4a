"""Draft orders: read leniently, and held against the trials on which they bear."""
