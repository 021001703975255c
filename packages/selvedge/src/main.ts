import { readFileSync } from "node:fs"
import { stripVTControlCharacters } from "node:util"
import { nearest, OptionError, SelvedgeError } from "@selvedge/core"
import { type CommandDef, renderUsage, runCommand } from "citty"
import { convert } from "./commands/convert.ts"
import { diff } from "./commands/diff.ts"
import { handOver, takeBack } from "./commands/handOver.ts"
import { inspect } from "./commands/inspect.ts"
import { evaluate, predict } from "./commands/predict.ts"
import { type Command, type Report, toCitty } from "./commands/report.ts"

const commands: Readonly<Record<string, Command>> = {
  inspect,
  convert,
  predict,
  evaluate,
  diff,
  "hand-over": handOver,
  "take-back": takeBack,
}

const about =
  "Look into model files, convert, compare and run them. Exit codes: 0 done, 1 a file is wrong, 2 wrong usage."

/** Where a command line prints. */
export interface Output {
  out(text: string): unknown
  err(text: string): unknown
}

/**
 * Runs a command line: the words after the program's name.
 * @returns the exit code: 0 done, 1 something is wrong with a file, 2 wrong usage.
 */
export async function main(words: readonly string[], output: Output): Promise<number> {
  const asJson = words.includes("--json")
  try {
    const text = await run(words, asJson)
    output.out(asJson ? text : printable(text))
    return 0
  } catch (error) {
    const code = isUsage(error) ? 2 : 1
    const message = error instanceof Error ? error.message : String(error)
    const kind = error instanceof SelvedgeError ? error.code : code === 2 ? "ERR_OPTION" : "ERR_UNKNOWN"
    output.err(asJson ? JSON.stringify({ error: { code: kind, message } }) : printable(`selvedge: ${message}`))
    return code
  }
}

/** Names come from files: what would steer a terminal, or turn the direction of writing, is shown as its code. */
const printable = (text: string) =>
  text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  })

/** Wrong words: ours are OptionErrors, citty's are told by their name. */
const isUsage = (error: unknown) =>
  error instanceof OptionError || (error instanceof Error && error.name === "CLIError")

async function run(words: readonly string[], asJson: boolean): Promise<string> {
  const [name, ...rest] = words
  const parent = whole()
  if (name === undefined || ["--help", "-h", "help"].includes(name)) return usage(parent)
  if (name === "--version") return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version
  const command = commands[name]
  if (!command || !Object.hasOwn(commands, name)) {
    const near = nearest(name, Object.keys(commands))
    throw new OptionError(`there is no command "${name}"${near ? `, did you mean "${near}"?` : ""}`, {
      facts: { commands: Object.keys(commands).join(", ") },
    })
  }
  const definition = toCitty(name, command)
  if (rest.includes("--help") || rest.includes("-h")) return usage(definition, parent)
  checkWords(name, command, rest)
  const { result } = await runCommand(definition, { rawArgs: [...rest] })
  const { value, text } = result as Report
  return asJson ? JSON.stringify(value) : text
}

/** Without colours: they would stand in files and pipes, too. */
const usage = async (command: CommandDef, parent?: CommandDef) =>
  stripVTControlCharacters(await renderUsage(command, parent))

const whole = (): CommandDef => ({
  meta: { name: "selvedge", description: about },
  subCommands: Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, toCitty(name, command)])),
})

/** citty lets unknown flags and further words pass. @throws OptionError for either, naming the nearest flag. */
function checkWords(name: string, { args }: Command, words: readonly string[]): void {
  const kinds = new Map([...Object.entries(args).map(([key, { type }]) => [key, type] as const), ["json", "boolean"]])
  const flags = [...kinds].filter(([, type]) => type !== "positional").map(([key]) => `--${key}`)
  let places = [...kinds.values()].filter(type => type === "positional").length
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (!word.startsWith("-")) {
      if (places-- > 0) continue
      throw new OptionError(`${name}: one word too many: "${word}"`, { hint: `selvedge ${name} --help` })
    }
    const [bare = "", value] = word.split("=")
    const key = bare.replace(/^--/, "")
    const type = kinds.get(key) ?? (kinds.get(key.replace(/^no-/, "")) === "boolean" ? "boolean" : undefined)
    if (type === undefined || type === "positional" || !bare.startsWith("--")) {
      const near = nearest(bare, flags)
      throw new OptionError(`${name}: unknown flag ${bare}${near ? `, did you mean ${near}?` : ""}`, {
        facts: { allowed: flags.join(", ") },
      })
    }
    if (type === "string" && value === undefined && words[++i] === undefined) {
      throw new OptionError(`${name}: ${bare} takes a value`)
    }
  }
}
