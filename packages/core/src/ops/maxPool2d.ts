import { alloc, type Buffer, read, record, type Tensor, vectorized } from "./shared/op.ts"
import { checkPooling, pairOf, type WindowOptions, windowsOver } from "./shared/windows.ts"

/**
 * Largest entry of each window of an image, each channel for itself.      [batch, h, w, c] -> [batch, oh, ow, c]
 *
 *   y  = max of x over the window
 *   dx += dy at the first entry that is the largest
 *
 * `size` is the window's, one number or [down, right]; strides default to it.
 * @throws ShapeError when x is not images or no window fits; OptionError for bad options.
 */
export function maxPool2d(x: Tensor, size: number | readonly [number, number], options: WindowOptions = {}): Tensor {
  checkPooling("maxPool2d", options)
  const a = read("maxPool2d", x)
  const [down, right] = pairOf("maxPool2d", "size", size)
  const window = windowsOver("maxPool2d", x.shape, [down, right], { ...options, strides: options.strides ?? size })
  const [batch, h, w, c] = x.shape
  const windows = window.height * window.width
  const y = alloc(batch * windows * c)
  const winners = new Int32Array(y.length)
  maxPoolForward(a, window.taps, y, winners, batch, h * w, windows, c)
  return record("maxPool2d", y, [batch, window.height, window.width, c], [x], (dy, dx) => {
    if (dx) maxPoolBackward(dy, winners, dx)
  })
}

/** y = the largest, winners = where in x it stands. */
const maxPoolForward = vectorized(
  "maxPoolForward",
  (
    x: Buffer,
    taps: Int32Array,
    y: Buffer,
    winners: Int32Array,
    batch: number,
    pixels: number,
    windows: number,
    c: number,
  ) => {
    const entries = taps.length / windows
    for (let i = 0, at = 0; i < batch * windows; i++) {
      const image = Math.floor(i / windows) * pixels
      const first = (i % windows) * entries
      for (let j = 0; j < c; j++, at++) {
        let best = -1
        for (let t = first; t < first + entries; t++) {
          if (taps[t] < 0) continue
          const place = (image + taps[t]) * c + j
          if (best < 0 || x[place] > x[best] || Number.isNaN(x[place])) best = place
        }
        winners[at] = best
        y[at] = x[best]
      }
    }
  },
)

const maxPoolBackward = vectorized("maxPoolBackward", (dy: Buffer, winners: Int32Array, dx: Buffer) => {
  for (let i = 0; i < winners.length; i++) dx[winners[i]] += dy[i]
})
