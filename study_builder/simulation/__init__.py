"""Listeners that are programs: they rate over HTTP and are marked as simulated."""
