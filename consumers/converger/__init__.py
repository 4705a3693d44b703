"""The converger: readings of many texts in, the best-supported explanation of what is going on out.

Hypotheses are taken into the minute in which they count (ingest), and a minute is closed when the watermarks of all text
partitions have passed it (close): its events join the trends, the trends are evaluated, alerts change state. Each of the two
is one atomic script on the keys of one partition, which all lie in one hash slot.
"""
