"""One row of the step suite in plain torch, without a fit loop. Usage: python torch_step.py ROW BATCH THREADS."""
import sys, time, torch
from torch import nn
row, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
def mlp(a): return nn.Sequential(nn.Flatten(), nn.Linear(784, 300), a(), nn.Linear(300, 100), a(), nn.Linear(100, 10))
deep = [m for _ in range(99) for m in (nn.Linear(100, 100), nn.SELU())]
nets = {
    "sgd": lambda: mlp(nn.ReLU), "adam": lambda: mlp(nn.ReLU),
    "batch_norm": lambda: nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 300), nn.ReLU(), nn.BatchNorm1d(300),
        nn.Linear(300, 100), nn.ReLU(), nn.BatchNorm1d(100), nn.Linear(100, 10)),
    "dropout_nadam": lambda: nn.Sequential(nn.Flatten(), nn.Dropout(.2), nn.Linear(784, 300), nn.ELU(), nn.Dropout(.2),
        nn.Linear(300, 100), nn.ELU(), nn.Dropout(.2), nn.Linear(100, 10)),
    "selu_100": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.SELU(), nn.Linear(300, 100), nn.SELU(), *deep[2:], nn.Linear(100, 10)),
}
model = nets[row]()
optimizer = {"adam": torch.optim.Adam, "dropout_nadam": torch.optim.NAdam}.get(row, lambda p: torch.optim.SGD(p, 1e-3))(model.parameters())
loss = nn.CrossEntropyLoss()
x, y = torch.rand(64 * batch, 28, 28), torch.randint(0, 10, (64 * batch,))
step = 0
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line)):
        at = (step % 64) * batch
        step += 1
        optimizer.zero_grad()
        loss(model(x[at:at + batch]), y[at:at + batch]).backward()
        optimizer.step()
    print("ms", (time.perf_counter() - start) * 1000, flush=True)
