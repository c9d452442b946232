"""Floor 2: knows a row of features. Bundles, scoring, explanation, decision and registry."""
