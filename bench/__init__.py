"""Measurements: `crossflag bench`; nothing else imports this."""
