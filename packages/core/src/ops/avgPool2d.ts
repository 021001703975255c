import { alloc, type Buffer, read, record, type Tensor, vectorized } from "./shared/op.ts"
import { checkPooling, pairOf, type WindowOptions, windowsOver } from "./shared/windows.ts"

/**
 * Mean of each window of an image, each channel for itself.               [batch, h, w, c] -> [batch, oh, ow, c]
 *
 *   y  = mean of x over the part of the window that lies on the image
 *   dx += dy / (size of that part)
 *
 * `size` is the window's, one number or [down, right]; strides default to it.
 * @throws ShapeError when x is not images or no window fits; OptionError for bad options.
 */
export function avgPool2d(x: Tensor, size: number | readonly [number, number], options: WindowOptions = {}): Tensor {
  checkPooling("avgPool2d", options)
  const a = read("avgPool2d", x)
  const [down, right] = pairOf("avgPool2d", "size", size)
  const window = windowsOver("avgPool2d", x.shape, [down, right], { ...options, strides: options.strides ?? size })
  const [batch, h, w, c] = x.shape
  const windows = window.height * window.width
  const shares = sharesOf(window.taps, windows)
  const y = alloc(batch * windows * c)
  avgPoolForward(a, window.taps, shares, y, batch, h * w, c)
  return record("avgPool2d", y, [batch, window.height, window.width, c], [x], (dy, dx) => {
    if (dx) avgPoolBackward(dy, window.taps, shares, dx, batch, h * w, c)
  })
}

/** For each window, how many of its entries lie on the image. */
function sharesOf(taps: Int32Array, windows: number): Int32Array {
  const entries = taps.length / windows
  return Int32Array.from({ length: windows }, (_, i) => {
    return taps.subarray(i * entries, (i + 1) * entries).filter(t => t >= 0).length
  })
}

const avgPoolForward = vectorized(
  "avgPoolForward",
  (x: Buffer, taps: Int32Array, shares: Int32Array, y: Buffer, batch: number, pixels: number, c: number) => {
    const windows = shares.length
    const entries = taps.length / windows
    for (let i = 0; i < batch * windows; i++) {
      const image = Math.floor(i / windows) * pixels
      const first = (i % windows) * entries
      for (let j = 0; j < c; j++) {
        let sum = 0
        for (let t = first; t < first + entries; t++) if (taps[t] >= 0) sum += x[(image + taps[t]) * c + j]
        y[i * c + j] = sum / shares[i % windows]
      }
    }
  },
)

const avgPoolBackward = vectorized(
  "avgPoolBackward",
  (dy: Buffer, taps: Int32Array, shares: Int32Array, dx: Buffer, batch: number, pixels: number, c: number) => {
    const windows = shares.length
    const entries = taps.length / windows
    for (let i = 0; i < batch * windows; i++) {
      const image = Math.floor(i / windows) * pixels
      const first = (i % windows) * entries
      for (let t = first; t < first + entries; t++) {
        if (taps[t] < 0) continue
        const to = (image + taps[t]) * c
        for (let j = 0; j < c; j++) dx[to + j] += dy[i * c + j] / shares[i % windows]
      }
    }
  },
)
