"""The studio: studies made, launched, watched and reported in a browser; many of them on one server."""
