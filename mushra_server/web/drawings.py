"""Drawings of the admin pages and the studio: charts, and addresses as QR codes."""

from __future__ import annotations

import io

import segno
from flask import Response

__all__ = ["send_qr", "send_svg"]

# A drawing brings its own style; as an image it can run nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def send_svg(content: bytes) -> Response:
    """Answer with a drawing."""
    response = Response(content, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = POLICY
    return response


def send_qr(address: str) -> Response:
    """Answer with an address as a QR code."""
    written = io.BytesIO()
    segno.make(address, error="m").save(written, kind="svg", scale=4, dark="#000", light="#fff")
    return send_svg(written.getvalue())
