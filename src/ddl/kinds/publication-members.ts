import { type DdlObject, keyOfName, list } from '../object.js'

/** A table, or all tables of a schema, that a publication publishes. */
export interface Member {
  readonly of: 'TABLE' | 'TABLES IN SCHEMA'
  /** The key of the table or schema. */
  readonly key: string
  /** What DROP calls it. */
  readonly name: string
  /** What ADD calls it: with its columns and its filter. */
  readonly published: string
}

const qualifiedName = /^(?:"(?:[^"]|"")*"|[^."]+)\.(?:"(?:[^"]|"")*"|[^" ]+)/

/** All that a publication lists, tables first. */
export function membersOf(publication: DdlObject): readonly Member[] {
  const tables = list(publication, 'tables')
  const parents = tables.length === 0 ? new Set<string>() : parentsIn(publication)
  return [
    ...tables.map((published): Member => {
      const name = qualifiedName.exec(published)?.[0] ?? published
      // What is said of a table is said of those that inherit from it as well, which are in the list themselves.
      const only = parents.has(name) ? 'ONLY ' : ''
      return { of: 'TABLE', key: keyOfName('table', name), name: only + name, published: only + published }
    }),
    ...list(publication, 'schemas').map((name): Member => {
      return { of: 'TABLES IN SCHEMA', key: keyOfName('schema', name), name, published: name }
    }),
  ]
}

/** `TABLE a, b (x), TABLES IN SCHEMA s`: 14 does not know the word TABLE before each. */
export function memberList(members: readonly Member[], as: 'name' | 'published'): string {
  return members
    .map((member, index) => `${members[index - 1]?.of === member.of ? '' : `${member.of} `}${member[as]}`)
    .join(', ')
}

function parentsIn({ catalog }: DdlObject): ReadonlySet<string> {
  return new Set(
    Object.values(catalog).flatMap((facts) =>
      facts['partition'] === undefined ? list({ facts }, 'parents') : [],
    ),
  )
}
