"""Tests of the contract: each promise by its number, and what it comes to in the odd cases."""
