"""Partners as they are played in tests: stateful fakes of each remote protocol, on real sockets, that can fail in every way.

shop = OpenAIVideos(FaultPlan([Fault("create", "drop after")]), clock=VirtualClock(speed=100))
with serving(shop.app) as url:
    ...
assert shop.paid == 1
"""
