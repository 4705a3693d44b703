"""The notifier: alerts in, people told.

A transition of an alert is matched against the subscriptions and put into a queue in Redis, once, as soon as no silence and no
time of the calendar holds it back; couriers take from the queue, deliver, and put back what a receiver did not take. A receiver
may hear the same notification again after a crash, always under the same key.
"""
