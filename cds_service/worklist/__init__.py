"""The coordinator's worklist: referrals, how far each has come, what is missing and what comes next."""
