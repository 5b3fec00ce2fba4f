/** An entry of a list fact that begins with the name of a part: `title: a comment`. */
export interface NamedText {
  /** In SQL, quoted where necessary. */
  readonly name: string
  readonly text: string
}

const leadingName = /^(?:"(?:[^"]|"")*"|[^:"]*)/

/** Splits `name: text`; a quoted name may contain a colon. */
export function splitNamedText(entry: string): NamedText {
  const name = leadingName.exec(entry)?.[0] ?? ''
  return { name, text: entry.slice(name.length + 2) }
}
