"""Tests of streams, of the clients that make them, and of the embedded server."""
