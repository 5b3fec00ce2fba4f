import { unquoteName } from './catalog.js'

/** Names that stand in another schema than a text says. */
export interface NameMove {
  /** The schemas that a text may name, unquoted. */
  readonly from: readonly string[]
  /** The schema where they are, as SQL has it. */
  readonly to: string
  /** The names in it, unquoted: of types, functions, operators, operator classes and so on. */
  readonly members: ReadonlySet<string>
}

/** The objects of a project that have names like those of members, as `schema.name`: unquoted. */
export interface OwnNames {
  readonly routines: ReadonlySet<string>
  readonly others: ReadonlySet<string>
}

const name = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`
const operator = String.raw`[-+*/<>=~!@#%^&|\x60?]+`

/**
 * What PostgreSQL prints, as far as names with a schema need it: texts in quotes, then such a name, then any other name in
 * quotes. A text that is cast to a name, as in `'public.simple'::regconfig`, has one.
 */
const parts = new RegExp(
  [
    String.raw`E'(?:[^'\\]|\\.|'')*'`,
    String.raw`'(?<literal>(?:[^']|'')*)'(?<cast>::reg[a-z]+)?`,
    String.raw`\$(?<tag>(?:[A-Za-z_]\w*)?)\$.*?\$\k<tag>\$`,
    `(?<reference>REFERENCES )?(?<schema>${name})\\.(?<member>${name}|${operator})(?=(?<call>\\()?)`,
    name,
  ].join('|'),
  'gs',
)

/**
 * A text of PostgreSQL in which names of moved members have the schema where they are. What is in `own` has the same schema
 * and name as a member and is none: only a routine is followed by a parenthesis. Texts in quotes and bodies of routines stay as they are.
 */
export function relocateText(text: string, moves: readonly NameMove[], own: OwnNames): string {
  return text.includes('.')
    ? text.replaceAll(parts, (found: string, ...rest: unknown[]) =>
        relocatePart(found, groupsOf(rest), moves, own),
      )
    : text
}

type PartGroups = Readonly<Record<string, string | undefined>>

function relocatePart(
  found: string,
  { literal, cast, reference = '', schema, member, call }: PartGroups,
  moves: readonly NameMove[],
  own: OwnNames,
): string {
  if (literal !== undefined && cast !== undefined) return `'${relocateText(literal, moves, own)}'${cast}`
  if (schema === undefined || member === undefined) return found
  const [from, moved] = [unquoteName(schema), unquoteName(member)]
  const move = moves.find((each) => each.from.includes(from) && each.members.has(moved))
  const sameNames = reference === '' && call !== undefined ? own.routines : own.others
  if (move === undefined || sameNames.has(`${from}.${moved}`)) return found
  return reference + (move.to === 'pg_catalog' ? member : `${move.to}.${member}`)
}

function groupsOf(rest: readonly unknown[]): PartGroups {
  const groups = rest.at(-1)
  return isGroups(groups) ? groups : {}
}

function isGroups(value: unknown): value is PartGroups {
  return typeof value === 'object' && value !== null
}
