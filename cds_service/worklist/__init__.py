"""The coordinator's worklist: whom was referred, how far each has come, what is missing and what comes next."""
