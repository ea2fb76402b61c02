"""What the measuring programs `compare` and `growth` share."""
