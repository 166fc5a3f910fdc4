"""Explanations of whole sound files: sounds, pictures and a page to listen to them."""
