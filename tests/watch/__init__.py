"""Changes and everything that stands downstream of them."""
