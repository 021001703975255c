const counts = new Map<string, number>()

/** `LeakyReLU` as `leaky_re_lu`: Keras's rule for the names of layers. */
export function toSnakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
}

/** The next free name for a class: `dense`, `dense_1`, `dense_2`, ... */
export function autoName(className: string): string {
  const name = toSnakeCase(className)
  const count = counts.get(name) ?? 0
  counts.set(name, count + 1)
  return count === 0 ? name : `${name}_${count}`
}

/** Whether a name is one that `autoName` gives to this class: then it says nothing of its own. */
export function isAutoName(className: string, name: string): boolean {
  const plain = toSnakeCase(className)
  return name === plain || (name.startsWith(`${plain}_`) && /^\d+$/.test(name.slice(plain.length + 1)))
}

/** Begins the automatic names anew, as Keras's `clear_session()`. Values never depend on automatic names. */
export function resetNames(): void {
  counts.clear()
}
