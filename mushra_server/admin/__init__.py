"""The experimenter's pages: login, progress and results."""
