"""Readers that turn other people's files into canonical events."""
