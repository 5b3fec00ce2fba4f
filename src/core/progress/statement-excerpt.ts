import { redact } from '../text/redact.js'
import { redactLiterals, shortenQuery } from './session-activity.js'

const longestExcerpt = 80

/** Not in any SQL: PostgreSQL refuses it. */
const marker = '\0'

/**
 * A statement for people, without its string literals: its beginning on one line, and where PostgreSQL names a position in it,
 * counted in characters from 1, the line of that position and a caret under it.
 */
export function excerptStatement(sql: string, position: number | null): readonly string[] {
  const beginning = redact(shortenQuery(sql))
  const marked = position === null ? null : markedLine(sql, position)
  if (marked === null) return [beginning]
  const { number, text, at } = marked
  const caret = `${' '.repeat(at)}^`
  if (text === beginning) return [text, caret]
  const label = `line ${number}: `
  return [beginning, `${label}${text}`, `${' '.repeat(label.length)}${caret}`]
}

interface MarkedLine {
  readonly number: number
  readonly text: string
  /** Where in the text. */
  readonly at: number
}

/** Null where the position is inside a literal. */
function markedLine(sql: string, position: number): MarkedLine | null {
  const characters = Array.from(sql)
  const before = characters.slice(0, position - 1)
  const withMarker = [...before, marker, ...characters.slice(position - 1)].join('')
  const lines = redact(redactLiterals(withMarker)).split('\n')
  const index = lines.findIndex((line) => line.includes(marker))
  const line = (lines[index] ?? '').replaceAll(/\s/g, ' ').trim()
  const at = line.indexOf(marker)
  if (at < 0) return null
  // Counted in the statement itself, because literals can have line breaks.
  const number = before.filter((character) => character === '\n').length + 1
  return { number, ...shortenAround(line.replace(marker, ''), at) }
}

function shortenAround(line: string, at: number): { readonly text: string; readonly at: number } {
  if (line.length <= longestExcerpt) return { text: line, at }
  const start = Math.max(0, Math.min(at - longestExcerpt / 2, line.length - longestExcerpt))
  const end = start + longestExcerpt
  const text = line.slice(start, end)
  return {
    text: `${start > 0 ? '…' : ''}${text}${end < line.length ? '…' : ''}`,
    at: at - start + (start > 0 ? 1 : 0),
  }
}
