"""What a person meets: the command line, the served page, the notebook, the report."""
