"""Watchlists: who and what is wanted, from many owners, and what of it a name or number meets."""
