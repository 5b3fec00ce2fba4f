/** A text of a list of facts that says something about what it names. */
export interface NamedText {
  /** As SQL has it, quoted if it must be. */
  readonly name: string
  readonly text: string
}

const leadingName = /^(?:"(?:[^"]|"")*"|[^:"]*)/

/** Takes apart `name: text`, where the name may be quoted and hold a colon. */
export function splitNamedText(entry: string): NamedText {
  const name = leadingName.exec(entry)?.[0] ?? ''
  return { name, text: entry.slice(name.length + 2) }
}
