import type { Callback, Logs, Trainer } from "@selvedge/trainer"
import type { DashboardCommand, DashboardEvent } from "./events.ts"
import { Probe } from "./probe.ts"

/** Milliseconds between two batches that are shown, and between two looks at the layers. */
const batchEvery = 200
const lookEvery = 1000
/** Share of the time that looks at the layers may take. */
const lookShare = 0.01

type State = Extract<DashboardEvent, { type: "status" }>["state"]

/** What a run needs of a dashboard. */
export interface Channel {
  publish(run: string, event: DashboardEvent): void
  onCommand(listener: (command: DashboardCommand) => void): () => void
}

/** The callback that shows a run on a dashboard and does what its page asks for. */
export class DashboardCallback implements Callback {
  readonly name = "Dashboard"
  readonly #run: string
  readonly #channel: Channel
  readonly #probe = new Probe()
  #unlisten = () => {}
  #trainer: Trainer | null = null
  #state: State = "running"
  #keepAlive: NodeJS.Timeout | undefined
  /** Since when steps are timed, from which step, and how much of that time was spent here. */
  #since = { time: 0, step: 0, own: 0 }
  #armed = false
  #nextLook = 0
  #cost = 0
  /** What a look has cost at least: the first ones take longer, while the engine compiles. */
  #cheapest = Infinity

  constructor(run: string, channel: Channel) {
    this.#run = run
    this.#channel = channel
  }

  onTrainBegin(trainer: Trainer): void {
    this.end()
    this.#trainer = trainer
    this.#unlisten = this.#channel.onCommand(command => this.#obey(command, trainer))
    this.#show("running")
  }

  onEpochBegin(_epoch: number, trainer: Trainer): void {
    this.#startClock(trainer)
  }

  onTrainBatchEnd(_batch: number, logs: Logs, trainer: Trainer): void {
    const now = performance.now()
    const { time, step, own } = this.#since
    if (now - time - own >= batchEvery) {
      const { learningRate } = trainer.optimizer
      // The very first steps are not like the others: buffers are made, and the engine compiles.
      const speed = step > 0 ? { msPerStep: (now - time - own) / (trainer.step - step) } : {}
      this.#publish({ type: "batch", step: trainer.step, metrics: { ...logs }, learningRate, ...speed })
      this.#startClock(trainer)
    }
    if (this.#armed || now >= this.#nextLook) this.#look(now, trainer)
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    this.#publish({ type: "epoch", epoch: epoch + 1, metrics: { ...logs } })
  }

  onTrainEnd(): void {
    this.#show(this.#state === "stopped" ? "stopped" : "finished")
    this.end()
  }

  /** Lets the run go on without the dashboard. */
  end(): void {
    this.#unlisten()
    this.#unlisten = () => {}
    if (this.#trainer === null) return
    this.#resume(this.#trainer)
    if (this.#armed) this.#probe.disarm(this.#trainer)
    this.#armed = false
    this.#trainer = null
  }

  /** One step is prepared, the next one looked at. The more it costs, the longer until the next look. */
  #look(start: number, trainer: Trainer): void {
    if (this.#armed) {
      for (const event of this.#probe.read(trainer)) this.#publish(event)
    } else {
      this.#probe.arm(trainer)
      this.#cost = 0
    }
    this.#armed = !this.#armed
    const now = performance.now()
    this.#cost += now - start
    this.#since.own += now - start
    if (this.#armed) return
    this.#cheapest = Math.min(this.#cheapest, this.#cost)
    this.#nextLook = now + Math.max(lookEvery, this.#cheapest / lookShare)
  }

  #obey(command: DashboardCommand, trainer: Trainer): void {
    if (command.run !== this.#run || this.#state === "stopped") return
    if (command.command === "setLearningRate") {
      trainer.optimizer.learningRate = command.value
      this.#show(this.#state, `learning rate set to ${command.value}`)
    } else if (command.command === "pause") {
      trainer.pause()
      // Nothing else might keep the process alive while it waits.
      this.#keepAlive ??= setInterval(() => {}, 1 << 30)
      this.#show("paused")
    } else {
      if (command.command === "stop") trainer.stopTraining = true
      this.#resume(trainer)
      this.#show(command.command === "stop" ? "stopped" : "running")
    }
  }

  #resume(trainer: Trainer): void {
    if (this.#keepAlive === undefined) return
    clearInterval(this.#keepAlive)
    this.#keepAlive = undefined
    trainer.unpause()
    this.#startClock(trainer)
  }

  #startClock(trainer: Trainer): void {
    this.#since = { time: performance.now(), step: trainer.step, own: 0 }
  }

  #show(state: State, message?: string): void {
    this.#state = state
    this.#publish({ type: "status", state, ...(message ? { message } : {}) })
  }

  #publish(event: DashboardEvent): void {
    this.#channel.publish(this.#run, event)
  }
}
