"""Tests of the decoders of response bodies."""
