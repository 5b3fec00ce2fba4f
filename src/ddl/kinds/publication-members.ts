import { type DdlObject, keyFromName, listFact } from '../object.js'

/** A table, or all tables of a schema, that a publication publishes. */
export interface PublicationMember {
  readonly memberType: 'TABLE' | 'TABLES IN SCHEMA'
  /** The key of the table or schema. */
  readonly key: string
  /** What DROP calls it. */
  readonly name: string
  /** What ADD calls it: with its columns and its filter. */
  readonly published: string
}

const qualifiedName = /^(?:"(?:[^"]|"")*"|[^."]+)\.(?:"(?:[^"]|"")*"|[^" ]+)/

/** All that a publication lists, tables first. */
export function publicationMembers(publication: DdlObject): readonly PublicationMember[] {
  const tables = listFact(publication, 'tables')
  const parents = tables.length === 0 ? new Set<string>() : inheritanceParents(publication)
  return [
    ...tables.map((published): PublicationMember => {
      const name = qualifiedName.exec(published)?.[0] ?? published
      // What is said of a table is said of those that inherit from it as well, which are in the list themselves.
      const only = parents.has(name) ? 'ONLY ' : ''
      return {
        memberType: 'TABLE',
        key: keyFromName('table', name),
        name: only + name,
        published: only + published,
      }
    }),
    ...listFact(publication, 'schemas').map((name): PublicationMember => {
      return { memberType: 'TABLES IN SCHEMA', key: keyFromName('schema', name), name, published: name }
    }),
  ]
}

/** `TABLE a, b (x), TABLES IN SCHEMA s`: 14 does not know the word TABLE before each. */
export function renderMembers(members: readonly PublicationMember[], as: 'name' | 'published'): string {
  return members
    .map(
      (member, index) =>
        `${members[index - 1]?.memberType === member.memberType ? '' : `${member.memberType} `}${member[as]}`,
    )
    .join(', ')
}

function inheritanceParents({ catalog }: DdlObject): ReadonlySet<string> {
  return new Set(
    Object.values(catalog).flatMap((facts) =>
      facts['partition'] === undefined ? listFact({ facts }, 'parents') : [],
    ),
  )
}
