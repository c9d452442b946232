"""Floor 1: knows an event. Schema, reference data, history and the features computed from it."""
