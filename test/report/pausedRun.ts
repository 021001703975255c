import { Dense, Sequential } from "@selvedge/layers"
import { liveDashboard } from "@selvedge/report"
import { compile } from "@selvedge/trainer"

/** A program that trains for ever on a dashboard whose address it prints. */
const live = await liveDashboard()
const x = { data: new Float32Array(400), shape: [100, 4] }
const y = { data: new Float32Array(100), shape: [100, 1] }
const trainer = compile(new Sequential([new Dense(1, { inputShape: [4] })]), { loss: "mse" })
const announce = { onTrainBegin: () => console.log(live.url) }
await trainer.fit(x, y, { epochs: 1e9, verbose: 0, callbacks: [live.callback("a"), announce] })
