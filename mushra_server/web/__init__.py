"""The HTTP server: security headers, static files, waitress."""
