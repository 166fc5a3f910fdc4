"""Sounds that come by browser: bounded, streamed to disk, known by their content, at no address."""

MAX_UPLOAD_BYTES = 2 * 1024**3
