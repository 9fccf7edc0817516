"""Rules on shapes: what an inventory asks for that would be applied without complaint and then not route."""
