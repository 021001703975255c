/** For how long steps may run before others get a turn, in milliseconds. */
const TURN = 50

/** Lets timers, input and output have their turn. */
export const nextTurn = (): Promise<void> =>
  new Promise(resolve => {
    // setTimeout waits for at least a millisecond; a browser, which has no setImmediate, for four.
    if (typeof setImmediate === "function") setImmediate(resolve)
    else setTimeout(resolve, 0)
  })

// One for all: were each epoch to count anew, a run of short epochs would never give anybody a turn.
let lastTurn = 0

/** Says when others have waited long enough. It looks at the time only; no number depends on it. */
export class TurnTaker {
  /** Gives others a turn when it is time: null, and no waiting at all, when it is not. */
  turn(): Promise<void> | null {
    if (performance.now() - lastTurn < TURN) return null
    return nextTurn().then(() => {
      lastTurn = performance.now()
    })
  }
}
