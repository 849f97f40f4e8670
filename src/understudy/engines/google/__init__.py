"""What the engines `google_veo` and `google_omni` have in common.

`account` (who asks, and for what price), `sdk` (requests, and what their errors mean), `rules` (Google's words for what it
refuses) and `clips` (pictures on their way there, clips on their way back).
"""
