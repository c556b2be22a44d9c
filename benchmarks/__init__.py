"""What is measured, and against what: ratios within one run, on this machine's own embedded server.

``python -m benchmarks`` runs all; each module alone runs with ``python -m benchmarks.NAME``. Results go to
``benchmarks/results/NAME.json``. Absolute times belong to one machine; the ratios are the message.
"""
