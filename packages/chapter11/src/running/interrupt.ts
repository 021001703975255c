/** Milliseconds within which a signal is taken for the one before it. */
const same = 2000

/**
 * Calls back once when the process is interrupted. npm and tsx pass on a signal that the terminal has sent to all of them,
 * so that it comes twice; one that comes later ends the process at once.
 */
export function onInterrupt(listener: () => void): void {
  let first: number | null = null
  const heard = () => {
    const now = performance.now()
    if (first !== null && now - first > same) process.exit(130)
    if (first === null) listener()
    first ??= now
  }
  process.on("SIGINT", heard)
  process.on("SIGTERM", heard)
}
