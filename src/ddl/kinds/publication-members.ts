import { type DdlObject, keyFromName, listFact } from '../object.js'

/** A published table, or a schema whose tables are all published. */
export interface PublicationMember {
  readonly memberType: 'TABLE' | 'TABLES IN SCHEMA'
  /** The key of the table or schema. */
  readonly key: string
  /** Its name in ALTER PUBLICATION … DROP. */
  readonly name: string
  /** The same with columns and row filter, as in ADD. */
  readonly published: string
}

const qualifiedName = /^(?:"(?:[^"]|"")*"|[^."]+)\.(?:"(?:[^"]|"")*"|[^" ]+)/

/** The members of a publication, tables first. */
export function publicationMembers(publication: DdlObject): readonly PublicationMember[] {
  const tables = listFact(publication, 'tables')
  const parents = tables.length === 0 ? new Set<string>() : inheritanceParents(publication)
  return [
    ...tables.map((published): PublicationMember => {
      const name = qualifiedName.exec(published)?.[0] ?? published
      // Without ONLY a table includes the tables that inherit from it, and these are listed themselves.
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

/** `TABLE a, b (x), TABLES IN SCHEMA s`. PostgreSQL 14 does not accept TABLE before each name. */
export function renderMembers(members: readonly PublicationMember[], form: 'name' | 'published'): string {
  return members
    .map(
      (member, index) =>
        `${members[index - 1]?.memberType === member.memberType ? '' : `${member.memberType} `}${member[form]}`,
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
