"""Which red flag is seen by which feature, shown by which simulated crime, and how often found."""
