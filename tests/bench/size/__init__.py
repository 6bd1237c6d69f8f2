"""The platform simulated for size: what a company of 100, 1,000 or 10,000 people costs in a week, and how it waits.

The timer, the queue function, the line before ERP.net, wake-ups, session slots, leases and housekeeping are calsync's
own, over a store in memory. Simulated are time (``tests.support.virtual_time``: nothing waits), the platform
(``platform``: queue, scaling, billing), both sides' limits (``sides``), people (``people``), and of a round and a
pull what they ask of both sides and of the store (``rounds``), by counts that real rounds of the test suite make.
"""
