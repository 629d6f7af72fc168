"""What the benchmark programs of Apus share: processes, peers, load, registry connections, reports.

Python 3.9 or later, standard library only, Linux. Everything stays on the loopback interface.
"""
