/// <reference lib="dom" />

/** The document in which Observable Plot creates its elements: in a browser the page's own. */
export function chartDocument(): Document {
  return document
}
