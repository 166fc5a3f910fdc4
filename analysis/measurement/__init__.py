"""Listening against measurement: what listeners said next to what a metric computed."""
