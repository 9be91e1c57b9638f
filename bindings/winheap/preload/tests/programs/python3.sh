#!/bin/sh
# JSON, sorting, threads and child processes; with Python's own allocator and without it, when
# every object is a block of malloc's.
set -eu

workload() {
    python3 - <<'END'
import hashlib, json, multiprocessing, pickle, random, re, subprocess, sys, threading, zlib

random.seed(3)
records = [{"id": i, "name": "n%d" % random.getrandbits(40), "values": [random.random()] * (i % 9),
            "nested": {"text": "x" * (i * 7 % 300), "none": None}} for i in range(20000)]
text = json.dumps(records, sort_keys=True)
assert json.loads(text) == records
ordered = sorted(records, key=lambda record: (len(record["values"]), record["name"]))
print(len(text), hashlib.sha256(text.encode()).hexdigest(), [r["id"] for r in ordered[:9]])
print(len(re.findall("n[0-9]+7", text)), hashlib.sha256(pickle.dumps(ordered)).hexdigest())
print(hashlib.sha256(hex(3 ** 60000).encode()).hexdigest())

sums = [None] * 8
def digest(number):
    packed = zlib.compress((text[number::8] * 3).encode(), 6)
    sums[number] = zlib.crc32(zlib.decompress(packed)), len(packed)
threads = [threading.Thread(target=digest, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
child = subprocess.run([sys.executable, "-c", "import json, sys; print(len(json.load(sys.stdin)))"],
                       input=text, capture_output=True, text=True)
for thread in threads: thread.join()
print(sums, child.stdout, child.stderr)

def square(number):
    return sum(i * i for i in [number] * 1000), "y" * (number * 100)
with multiprocessing.get_context("fork").Pool(3) as pool:
    print(zlib.crc32(repr(pool.map(square, range(500))).encode()))
END
}

export PYTHONHASHSEED=0
workload
PYTHONMALLOC=malloc
export PYTHONMALLOC
workload
