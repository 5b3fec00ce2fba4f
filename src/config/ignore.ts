import { impactRules } from '../core/impact/assess-impact.js'
import { type ParsedPattern, parsePattern } from '../core/model/pattern.js'
import type { IgnoreRule } from '../core/model/scope.js'
import { nearestName } from '../core/text/nearest.js'
import { maskCredentials } from './url.js'

interface ParsedIgnoreRules {
  readonly rules: readonly IgnoreRule[]
  readonly problems: readonly string[]
}

interface IgnoreEntry {
  readonly pattern: string
  readonly reason: string | null
}

type IgnoreItem =
  { readonly kind: 'entry'; readonly entry: IgnoreEntry } | { readonly kind: 'odd'; readonly text: string }

/** A comma in quotes or in the parentheses of a signature belongs to the pattern. */
const listItemPattern = /(?:"(?:[^"]|"")*"|\([^()]*\)|[^,])+/g

const objectKinds = Object.keys(impactRules)

/** VERIFY_IGNORE: patterns separated by commas, or a JSON list of patterns and of `{ "pattern", "reason" }`. */
export function parseIgnoreRules(text: string): ParsedIgnoreRules {
  const items = itemsOf(text)
  if (items === null) return { rules: [], problems: ['is no JSON list'] }
  const rules: IgnoreRule[] = []
  const problems: string[] = []
  for (const item of items) {
    const parsed = item.kind === 'odd' ? null : parsePattern(item.entry.pattern, objectKinds)
    if (item.kind === 'entry' && parsed?.status === 'sound')
      rules.push({ pattern: parsed.pattern, reason: item.entry.reason })
    else
      problems.push(
        item.kind === 'odd' ? describeOddItem(item.text) : describePatternProblem(item.entry, parsed),
      )
  }
  return { rules, problems }
}

/** What is wrong with a text as VERIFY_IGNORE, all of it at once; undefined where it is right. */
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

/** A URL that got into it by mistake may have a comma in its password. */
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

/** The error of a parser quotes what it read. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function itemOf(item: unknown): IgnoreItem {
  if (typeof item === 'string') return { kind: 'entry', entry: { pattern: item.trim(), reason: null } }
  const odd: IgnoreItem = { kind: 'odd', text: JSON.stringify(item) }
  if (typeof item !== 'object' || item === null || !('pattern' in item)) return odd
  const { pattern, reason, ...more } = { reason: null, ...item }
  if (typeof pattern !== 'string' || Object.keys(more).length > 0) return odd
  if (reason !== null && typeof reason !== 'string') return odd
  return { kind: 'entry', entry: { pattern: pattern.trim(), reason } }
}

function describeOddItem(text: string): string {
  return `holds ${maskCredentials(text)}, which is neither a pattern nor { "pattern", "reason" }`
}

function describePatternProblem({ pattern }: IgnoreEntry, parsed: ParsedPattern | null): string {
  const shown = JSON.stringify(maskCredentials(pattern))
  if (parsed?.status !== 'faulty') return `holds ${shown}`
  switch (parsed.why) {
    case 'kind missing':
      return `holds ${shown}, which names no kind of object`
    case 'kind unknown': {
      const meant = nearestName(parsed.kind, objectKinds)
      return `holds ${shown}, and there is no kind ${parsed.kind}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`
    }
    case 'names malformed':
      return `holds ${shown}, whose names are not one to three names with dots between`
  }
}
