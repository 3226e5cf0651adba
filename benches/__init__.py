"""What instar costs, measured beside what people use today: `pytest benches`, `python -m benches.table`."""
