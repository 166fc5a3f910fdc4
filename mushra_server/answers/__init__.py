"""What participants send: checked before it is stored."""
