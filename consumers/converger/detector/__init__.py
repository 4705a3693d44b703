"""What a count's own past explains, and how unusual the rest is: estimators without Kafka, Redis or a clock.

Counts may be masses, so no whole numbers; times are minutes or hours since the epoch. All is learned from the past only, and
a tested window is no part of what it is compared with.
"""
