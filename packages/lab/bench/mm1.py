"""The same queue on SimPy. Prints customers, seconds and the mean time as JSON; needs `import simpy` to work."""
import json
import random
import sys
import time

import simpy

customers = int(sys.argv[1])
arrivals, services = random.Random(1), random.Random(2)
env = simpy.Environment()
server = simpy.Resource(env, 1)
total = 0.0


def customer():
    global total
    at = env.now
    with server.request() as turn:
        yield turn
        yield env.timeout(services.expovariate(1 / 0.7))
    total += env.now - at


def source():
    for _ in range(customers):
        yield env.timeout(arrivals.expovariate(1))
        env.process(customer())


env.process(source())
begun = time.perf_counter()
events = 0
while env.peek() != float("inf"):
    env.step()
    events += 1
seconds = time.perf_counter() - begun
print(json.dumps({"customers": customers, "events": events, "seconds": seconds, "meanTime": total / customers}))
