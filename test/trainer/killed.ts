// A training run to be killed: `killed.ts FOLDER PAUSE`. It says what it does, line by line, holds every moment between
// writing, syncing and renaming a checkpoint open for PAUSE milliseconds, and in the end writes its weights.
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { BatchNormalization, Dense, Dropout } from "@selvedge/layers"
import { BackupAndRestore, EarlyStopping, type Trainer } from "@selvedge/trainer"
import { blobs, classifier } from "./small.ts"

const [folder = ".", pause = "0"] = process.argv.slice(2)
const say = (text: string) => fs.writeSync(1, `${text}\n`)

async function hold(moment: string): Promise<void> {
  if (Number(pause) === 0) return
  say(`window ${moment}`)
  await wait(Number(pause))
}

const { open, rename } = fs.promises
fs.promises.rename = async (from, to) => {
  await hold("before rename")
  await rename(from, to)
  await hold("after rename")
}
fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest)
  const sync = handle.sync.bind(handle)
  handle.sync = async () => {
    await hold("before sync")
    await sync()
  }
  return handle
}
syncBuiltinESMExports()

const { x, y } = blobs(96)
const trainer: Trainer = classifier({ optimizer: "nadam" }, [
  new Dense(16, { activation: "relu", inputShape: [2] }),
  new BatchNormalization(),
  new Dropout(0.3),
  new Dense(3, { activation: "softmax" }),
])
await trainer.fit(x, y, {
  verbose: 0,
  epochs: 6,
  batchSize: 8,
  validationSplit: 0.25,
  callbacks: [
    new EarlyStopping({ patience: 9, restoreBestWeights: true }),
    { onTrainBatchEnd: (_batch, _logs, { step }) => void say(`step ${step}`) },
    new BackupAndRestore({ backupDir: folder, saveFreq: 2 }),
  ],
})
fs.writeFileSync(join(folder, "weights.bin"), Buffer.concat(trainer.model.getWeights().map(w => Buffer.from(w.buffer))))
say("done")
