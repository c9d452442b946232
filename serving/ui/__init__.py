"""The reviewers' console: server-rendered pages over the use cases."""
