"""Ratings leave the server: exports, and the erasure of personal data."""
