"""The dashboard: pages for those who make clips and for those who operate the server. Rendered here, no build step.

What a page does beyond reading, it does as a client of the API beside it: the session counts there as a proof of who asks.
"""
