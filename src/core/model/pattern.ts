import { parseKey, unquoteName } from './catalog.js'

/**
 * A pattern for object keys, such as `table:public.events_p*`. `*` matches any characters within one name. In double
 * quotes every character matches itself, so every key is a pattern that matches only its object. The kind can be `*`. A
 * routine without a signature matches all routines of that name.
 */
export interface Pattern {
  readonly text: string
  readonly kind: string
  readonly names: readonly NamePattern[]
}

interface NamePattern {
  readonly name: RegExp
  /** The signature of a routine. Null matches every signature, and names without one. */
  readonly signature: RegExp | null
}

export type ParsedPattern =
  | { readonly status: 'sound'; readonly pattern: Pattern }
  | {
      readonly status: 'faulty'
      readonly why: 'kind missing' | 'kind unknown' | 'names malformed'
      readonly kind: string
    }

const tokenPattern =
  /"(?<quoted>(?:[^"]|"")+)"|(?<plain>[^."()\s*]+)|(?<star>\*)|(?<dot>\.)|(?<signature>\(.*\)$)/gsy
const regexSpecials = /[$()*+.?[\\\]^{|}-]/g
const keyNamePattern = /^("(?:[^"]|"")*"|[^("]*)(\(.*\))?$/s

/** Parses a text as a pattern. `kinds` are the kinds of objects that exist. */
export function parsePattern(text: string, kinds: readonly string[]): ParsedPattern {
  const colon = text.indexOf(':')
  const kind = text.slice(0, Math.max(colon, 0))
  if (kind === '') return { status: 'faulty', why: 'kind missing', kind }
  if (kind !== '*' && !kinds.includes(kind)) return { status: 'faulty', why: 'kind unknown', kind }
  const names = parseNames(text.slice(colon + 1))
  return names === null
    ? { status: 'faulty', why: 'names malformed', kind }
    : { status: 'sound', pattern: { text, kind, names } }
}

/** Whether the pattern matches the object itself. Objects that belong to it have keys of their own. */
export function matchesKey({ kind, names: patterns }: Pattern, key: string): boolean {
  if (kind !== '*' && !key.startsWith(`${kind}:`)) return false
  const { names } = parseKey(key)
  return (
    names.length === patterns.length && patterns.every((pattern, at) => matchesName(pattern, names[at] ?? ''))
  )
}

/** The names of a key without quotes and signatures. */
export function unquotedNames(key: string): readonly string[] {
  return parseKey(key).names.map((name) => splitSignature(name).name)
}

function parseNames(text: string): readonly NamePattern[] | null {
  const tokens = [...text.matchAll(tokenPattern)]
  const names = [{ source: '', signature: '' }]
  for (const { groups = {} } of tokens) {
    const { quoted, plain = '', star, dot, signature } = groups
    const last = names.at(-1)
    if (dot !== undefined) names.push({ source: '', signature: '' })
    else if (last === undefined) return null
    else if (signature !== undefined) last.signature = signature
    else last.source += star === undefined ? escapeRegex(quoted?.replaceAll('""', '"') ?? plain) : '.*'
  }
  const isWhole = tokens.map(([found]) => found).join('') === text
  if (!isWhole || names.length > 3 || names.some(({ source }) => source === '')) return null
  return names.map(({ source, signature }) => ({
    name: new RegExp(`^${source}$`, 's'),
    signature: signature === '' ? null : signaturePattern(signature),
  }))
}

function signaturePattern(signature: string): RegExp {
  const parts = signature.replaceAll(/,\s*/g, ', ').split('*').map(escapeRegex)
  return new RegExp(`^${parts.join('.*')}$`, 's')
}

function escapeRegex(text: string): string {
  return text.replaceAll(regexSpecials, String.raw`\$&`)
}

function matchesName({ name, signature }: NamePattern, quoted: string): boolean {
  const parts = splitSignature(quoted)
  return name.test(parts.name) && (signature === null || signature.test(parts.signature))
}

function splitSignature(quoted: string): { readonly name: string; readonly signature: string } {
  const [, name = quoted, signature = ''] = keyNamePattern.exec(quoted) ?? []
  return { name: unquoteName(name), signature }
}
