import { redact } from './redact.js'

const longestLine = 100

/** A line of source between its neighbours, marked, without the secrets that `redact` knows. Empty where there is none. */
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
  const text = redact(line.replaceAll('\t', '  ').trimEnd())
  return text.length <= longestLine ? text : `${text.slice(0, longestLine - 1)}…`
}
