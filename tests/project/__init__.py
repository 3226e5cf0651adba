"""Tests of what surrounds the package: the command line, the pages, the examples."""
