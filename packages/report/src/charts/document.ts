import { parseHTML } from "linkedom"

/** The document in which Observable Plot creates its elements: in Node a fresh one of linkedom. */
export function chartDocument() {
  return parseHTML("<!doctype html><html><body></body></html>").document
}
