import { visible } from './text/printable.js'

// Lines of TypeScript in the style of this project's formatter, which leaves them as they are.

function fits(line: string): boolean {
  return line.length <= 110
}

/** A property with its type, a union: `title?: string | null`. */
export function propertyLines(name: string, union: readonly string[]): readonly string[] {
  return unionLines(`  ${name}:`, union, '  ')
}

/** A named union: `export type Mood = 'sad' | 'ok'`. */
export function unionLines(start: string, union: readonly string[], indent = ''): readonly string[] {
  const whole = union.join(' | ')
  if (union.length < 2 || fits(`${start} ${whole}`)) return [`${start} ${whole}`]
  if (fits(`${indent}  ${whole}`)) return [start, `${indent}  ${whole}`]
  return [start, ...union.map((member) => `${indent}  | ${member}`)]
}

/** A reference to a generic type behind a start, its arguments below each other where they do not fit. */
export function genericLines(start: string, name: string, given: readonly string[]): readonly string[] {
  const line = `${start} ${name}<${given.join(', ')}>`
  if (fits(line)) return [line]
  if (given.length < 2) return [start, `  ${name}<${given.join()}>`]
  const indent = /^ */.exec(start)?.[0] ?? ''
  const inner = given.map((each, index) => `${indent}  ${each}${index === given.length - 1 ? '' : ','}`)
  return [`${start} ${name}<`, ...inner, `${indent}>`]
}

/** A name as a property stands: quoted unless it is an identifier. */
export function propertyName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : textLiteral(name)
}

/** A text in single quotes, in double ones where it has more single ones inside. */
export function textLiteral(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (escape, character) => (character === '"' ? '"' : escape))
  const quote = inner.split("'").length > inner.split('"').length ? '"' : "'"
  return `${quote}${visible(inner).replaceAll(quote, `\\${quote}`)}${quote}`
}
