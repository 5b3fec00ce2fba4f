import { redact } from './redact.js'

const longestLine = 100

/**
 * A line of source between its neighbours, marked. Without the secrets that `redact` knows, and without literals that can be
 * values of rows. Empty where there is none.
 */
export function codeFrame(source: string, marked: number): readonly string[] {
  const lines = source.split(/\r?\n/)
  if (lines[marked - 1] === undefined) return []
  const numbers = [marked - 1, marked, marked + 1].filter((number) => (lines[number - 1] ?? '').trim() !== '')
  const width = String(marked + 1).length
  return numbers.map((number) => {
    const mark = number === marked ? '>' : ' '
    return `${mark} ${String(number).padStart(width)} | ${shortenLine(lines[number - 1] ?? '')}`
  })
}

function shortenLine(line: string): string {
  const text = redactValues(redact(line.replaceAll('\t', '  ').trimEnd()))
  return text.length <= longestLine ? text : `${text.slice(0, longestLine - 1)}…`
}

const literal = /(["'`])((?:\\.|(?!\1)[^\\])*)(\1|$)/g
const sqlVerb =
  /^\s*(?:select|insert|update|delete|merge|with|create|alter|drop|comment|grant|revoke|truncate|do|set|lock|refresh|reindex|vacuum|analyze|call|begin|commit)\b/i

function redactValues(line: string): string {
  return [...line.matchAll(literal)].reduceRight(
    (rest, match) =>
      `${line.slice(0, match.index)}${redactLiteral(match, line.slice(0, match.index))}${rest.slice(match.index + match[0].length)}`,
    line,
  )
}

/** Kept are SQL without its literals, and what a function is called with first: the name of a table, mostly. */
function redactLiteral([whole, quote = '', text = '', end = '']: RegExpExecArray, before: string): string {
  const isFirstArgument = /\w\($/.test(before) && !/\b(?:values|in|any|array)\($/i.test(before)
  const isTemplate = quote === '`' && end === ''
  if (sqlVerb.test(text) || isFirstArgument || isTemplate) return `${quote}${redactInner(text, quote)}${end}`
  return text === '' ? whole : `${quote}…${end}`
}

function redactInner(text: string, quote: string): string {
  return quote === "'"
    ? text.replaceAll(/\\'[^]*?(?:\\'|$)/g, "\\'…\\'")
    : text.replaceAll(/'(?:[^'\\]|''|\\.)*'?/g, "'…'")
}
