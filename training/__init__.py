"""Floor 3: makes a model from events and labels."""
