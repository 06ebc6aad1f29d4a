"""Values over time: what is known of some concepts in the last two years, as plots and as tables."""
