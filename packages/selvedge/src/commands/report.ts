import type { ArgsDef, CommandDef } from "citty"

/** What a command found: as JSON, and as text for people. */
export interface Report {
  readonly value: Readonly<Record<string, unknown>>
  readonly text: string
}

/** The values of a command's arguments. */
export type Values = Readonly<Record<string, unknown>>

/** A command of the command line. */
export interface Command {
  readonly about: string
  readonly args: ArgsDef
  run(values: Values): Promise<Report>
}

/** Every command takes it. */
export const json = { type: "boolean", description: "print JSON instead of text" } as const

/** A file that must be named. */
export const positional = (description: string) => ({ type: "positional", description, required: true }) as const

/** A flag with a value. */
export const flag = (description: string, valueHint: string) => ({ type: "string", description, valueHint }) as const

/** The command as citty wants it. */
export function toCitty(name: string, { about, args, run }: Command): CommandDef {
  return {
    meta: { name, description: about },
    args: { ...args, json },
    run: (context: { args: Values }) => run(context.args),
  }
}

/** Rows as columns of text, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, k) => Math.max(...rows.map(row => row[k]?.length ?? 0))) ?? []
  const cell = (text: string, k: number) =>
    /^-?[\d.]/.test(text) ? text.padStart(widths[k] ?? 0) : text.padEnd(widths[k] ?? 0)
  return rows.map(row => row.map(cell).join("  ").trimEnd()).join("\n")
}

/** A number in six digits. */
export const short = (value: number) => String(Number(value.toPrecision(6)))
