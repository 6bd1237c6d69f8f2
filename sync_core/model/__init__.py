"""The values calsync thinks in: what each side shows, what is remembered, what is decided. Nothing here decides.

A *link* says that an *event* (Graph's) and an *activity* (ERP.net's) belong together. Its *base* is what both sides
showed when they were last in step, each in its own terms. Own terms matter: a new time zone, a tzdata update or
rewritten HTML must not look like an edit. So a side is compared only with what the same side showed before.

Instants are aware UTC and end in ``_at`` (or are ``start``/``end`` of an instant span). ERP.net's wall clock is
kept as naive ``datetime`` digits (erpnet.md §12), never as an instant.
"""
