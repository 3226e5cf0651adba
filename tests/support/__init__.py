"""What several tests share: strategies, sample models, runs written down."""
