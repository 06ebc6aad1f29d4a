"""What laboratories say beside a value: reference ranges, corrections, repeats, timed collections."""
