// Run by memory.test.ts with --expose-gc: 50,000 training steps on small tensors, no memory call anywhere.
import * as c from "@selvedge/core"

const steps = Number(process.argv[2])
const [w, b] = [c.randomNormal([8, 4]), c.zeros([4])].map(x => c.tensor(x.data, x.shape, { requiresGrad: true }))
const x = c.randomNormal([16, 8])
const target = c.randomUniform([16, 4])

function step(): number {
  const h = c.tanh(c.add(c.mul(c.linear(x, w, b), 0.5), 0.1))
  const loss = c.mean(c.square(c.sub(c.softmax(h), target)))
  for (const leaf of c.backward(loss)) {
    if (leaf.grad) c.assign(leaf, c.sub(leaf.detach(), c.mul(leaf.grad, 0.01)))
  }
  return loss.item()
}

function use() {
  const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage()
  return { heapUsed, arrayBuffers, external, rss }
}

// The first steps compile; what they leave is no leak.
for (let i = 0; i < 5_000; i++) step()
globalThis.gc?.()
const before = use()
let peak = before.rss
let loss = 0
for (let i = 0; i < steps; i++) {
  loss = step()
  if (i % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss())
}
globalThis.gc?.()
globalThis.gc?.()
console.log(JSON.stringify({ before, after: use(), peak, loss }))
