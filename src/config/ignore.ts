import { impactRules } from '../core/impact/assess-impact.js'
import { type ParsedPattern, parsePattern } from '../core/model/pattern.js'
import type { IgnoreRule } from '../core/model/scope.js'
import { nearestName } from '../core/text/nearest.js'
import { maskCredentials } from './url.js'

interface IgnoreEntry {
  readonly pattern: string
  readonly reason: string | null
}

type IgnoreItem =
  | { readonly kind: 'entry'; readonly entry: IgnoreEntry }
  | { readonly kind: 'malformed'; readonly text: string }

/** A comma inside quotes or inside the parentheses of a signature belongs to the pattern. */
const listItemPattern = /(?:"(?:[^"]|"")*"|\([^()]*\)|[^,])+/g

const objectKinds = Object.keys(impactRules)

/** Parses VERIFY_IGNORE: patterns separated by commas, or a JSON list of patterns and of `{ "pattern", "reason" }`. */
export function parseIgnoreRules(text: string): {
  readonly rules: readonly IgnoreRule[]
  readonly problems: readonly string[]
} {
  const items = itemsOf(text)
  if (items === null) return { rules: [], problems: ['is not a JSON list'] }
  const rules: IgnoreRule[] = []
  const problems: string[] = []
  for (const item of items) {
    const parsed = item.kind === 'malformed' ? null : parsePattern(item.entry.pattern, objectKinds)
    if (item.kind === 'entry' && parsed?.status === 'sound')
      rules.push({ pattern: parsed.pattern, reason: item.entry.reason })
    else
      problems.push(
        item.kind === 'malformed'
          ? describeMalformedItem(item.text)
          : describePatternProblem(item.entry, parsed),
      )
  }
  return { rules, problems }
}

/** All that is wrong with a text as VERIFY_IGNORE; undefined where it is valid. */
export function ignoreProblem(text: string): string | undefined {
  const { problems } = parseIgnoreRules(maskUnlessJson(text))
  return problems.length === 0 ? undefined : problems.join(', ')
}

/** The rules as one text: `table:public.events_p* (made by a job), schema:audit`. */
export function formatIgnoreRules(text: string): string {
  const shown = parseIgnoreRules(maskUnlessJson(text)).rules.map(({ pattern, reason }) =>
    maskCredentials(reason === null ? pattern.text : `${pattern.text} (${reason})`),
  )
  return shown.length === 0 ? 'nothing' : shown.join(', ')
}

/** The password of a URL that is there by mistake may contain a comma, at which the URL would be split. */
function maskUnlessJson(text: string): string {
  return isJsonList(text) ? text : maskCredentials(text)
}

function isJsonList(text: string): boolean {
  return text.trimStart().startsWith('[')
}

function itemsOf(text: string): readonly IgnoreItem[] | null {
  if (!isJsonList(text)) return commaSeparated(text)
  const list = parseJson(text)
  return Array.isArray(list) ? list.map(itemOf) : null
}

function commaSeparated(text: string): readonly IgnoreItem[] {
  const patterns = text.match(listItemPattern) ?? []
  return patterns.map((pattern) => ({ kind: 'entry', entry: { pattern: pattern.trim(), reason: null } }))
}

/** Not the error of JSON.parse: it quotes the text, which may hold a password. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function itemOf(item: unknown): IgnoreItem {
  if (typeof item === 'string') return { kind: 'entry', entry: { pattern: item.trim(), reason: null } }
  const malformed: IgnoreItem = { kind: 'malformed', text: JSON.stringify(item) }
  if (typeof item !== 'object' || item === null || !('pattern' in item)) return malformed
  const { pattern, reason, ...more } = { reason: null, ...item }
  if (typeof pattern !== 'string' || Object.keys(more).length > 0) return malformed
  if (reason !== null && typeof reason !== 'string') return malformed
  return { kind: 'entry', entry: { pattern: pattern.trim(), reason } }
}

function describeMalformedItem(text: string): string {
  return `holds ${maskCredentials(text)}, which is neither a pattern nor { "pattern", "reason" }`
}

function describePatternProblem({ pattern }: IgnoreEntry, parsed: ParsedPattern | null): string {
  const shown = JSON.stringify(maskCredentials(pattern))
  if (parsed?.status !== 'faulty') return `holds ${shown}`
  switch (parsed.why) {
    case 'kind missing':
      return `holds ${shown}, which does not begin with a kind of object`
    case 'kind unknown': {
      const meant = nearestName(parsed.kind, objectKinds)
      return `holds ${shown}, but ${parsed.kind} is not a kind of object${meant === undefined ? '' : ` (did you mean ${meant}?)`}`
    }
    case 'names malformed':
      return `holds ${shown}, whose name does not have one to three parts separated by dots`
  }
}
