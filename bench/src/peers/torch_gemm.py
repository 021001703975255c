"""Square or rectangular float32 products in torch. Usage: python torch_gemm.py M N K THREADS FORM (nn, tn or nt)."""
import sys, time, torch
m, n, k, threads, form = *map(int, sys.argv[1:5]), sys.argv[5]
torch.set_num_threads(threads)
a = torch.rand((k, m) if form[0] == "t" else (m, k)) - .5
b = torch.rand((n, k) if form[1] == "t" else (k, n)) - .5
if form[0] == "t": a = a.t()
if form[1] == "t": b = b.t()
c = torch.empty(m, n)
for line in sys.stdin:
    times = int(line)
    start = time.perf_counter()
    for _ in range(times): torch.mm(a, b, out=c)
    print("ms", (time.perf_counter() - start) * 1000, flush=True)
