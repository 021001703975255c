/** A compiled module. */
export type CompiledModule = object

/** A linear memory. Its buffer is replaced when an unshared memory grows. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  /** Grows by a number of 64 KiB pages, returns the former number. */
  grow(pages: number): number
}

/** A variable shared between host and instance. */
export interface HostGlobal {
  value: number
}

/** What a kernel is for the host: `args` is the byte address of its arguments, [begin, end) its work units. */
export type KernelFunction = (args: number, begin: number, end: number) => void

/** An instance: kernels and globals by name. */
export interface ModuleInstance {
  readonly exports: Readonly<Record<string, KernelFunction | HostGlobal>>
}

/**
 * The part of the global `WebAssembly` object that this library uses. It is typed here because neither the ECMAScript
 * library nor every version of Node's types declares it, and the DOM's would bring the whole browser.
 */
export interface WasmEngine {
  readonly Module: new (bytes: Uint8Array) => CompiledModule
  readonly Instance: new (
    module: CompiledModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => ModuleInstance
  readonly Memory: new (limits: { initial: number; maximum?: number; shared?: boolean }) => LinearMemory
  readonly validate: (bytes: Uint8Array) => boolean
}

/** The engine's `WebAssembly`, or null where there is none. */
export function wasmEngine(): WasmEngine | null {
  const engine: WasmEngine | undefined = Reflect.get(globalThis, "WebAssembly")
  return engine ?? null
}
