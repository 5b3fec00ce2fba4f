import { tableKeyOf } from '../../core/model/catalog.js'
import {
  type DdlObject,
  booleanFact,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { type PublicationMember, renderMembers, publicationMembers } from './publication-members.js'

const allOperations = ['insert', 'update', 'delete', 'truncate']

/** The options of a publication by fact. */
const publicationOptions: Readonly<Record<string, (publication: DdlObject) => string>> = {
  publish: ({ facts }) =>
    `publish = '${listFact({ facts: { publish: allOperations, ...facts } }, 'publish').join(', ')}'`,
  viaRoot: (object) => `publish_via_partition_root = ${booleanFact(object, 'viaRoot')}`,
  generatedColumns: (object) =>
    `publish_generated_columns = ${textFact(object, 'generatedColumns') || 'none'}`,
}

export const publicationDdl: KindDdl = {
  reference: ({ name }) => `PUBLICATION ${name}`,
  create: (object) => {
    const members = publicationMembers(object)
    const published = booleanFact(object, 'allTables') ? 'ALL TABLES' : renderMembers(members, 'published')
    const settings = renderPublicationOptions(object, (fact) => object.facts[fact] !== undefined)
    const clauses = [
      ...(published === '' ? [] : [`FOR ${published}`]),
      ...(settings === '' ? [] : [`WITH (${settings})`]),
    ]
    return [step([`CREATE PUBLICATION ${object.name}`, ...clauses].join(' '), ...memberLocks(members))]
  },
  alter: ({ from, to, facts }) => {
    if (facts.has('allTables')) return 'replace'
    const [before, after] = [publicationMembers(from), publicationMembers(to)]
    const settings = renderPublicationOptions(to, (fact) => facts.has(fact))
    return [
      ...dropMembersSteps(from, withoutMembers(before, after)),
      ...addMembersSteps(to, withoutMembers(after, before)),
      ...(settings === '' ? [] : [step(`ALTER PUBLICATION ${to.name} SET (${settings})`)]),
    ]
  },
  rebind: (from, to, needed) => {
    const belongsToNeeded = ({ key }: PublicationMember): boolean =>
      key === needed || key === tableKeyOf(needed)
    const [before, after] = [
      publicationMembers(from).filter(belongsToNeeded),
      publicationMembers(to).filter(belongsToNeeded),
    ]
    if (before.length === 0 || after.length === 0) return null
    // `alter` writes the members that differ.
    const unchanged = before.filter((member) => withoutMembers([member], after).length === 0)
    return [...dropMembersSteps(from, unchanged), ...addMembersSteps(to, unchanged)]
  },
}

function renderPublicationOptions(object: DdlObject, includes: (fact: string) => boolean): string {
  return Object.entries(publicationOptions)
    .filter(([fact]) => includes(fact))
    .map(([, render]) => render(object))
    .join(', ')
}

function withoutMembers(
  members: readonly PublicationMember[],
  others: readonly PublicationMember[],
): readonly PublicationMember[] {
  return members.filter(
    ({ memberType, published }) =>
      !others.some((other) => other.memberType === memberType && other.published === published),
  )
}

/** A table leaves a publication before the table, or a column in its row filter, is dropped. */
function dropMembersSteps({ name }: DdlObject, members: readonly PublicationMember[]): readonly DdlStep[] {
  if (members.length === 0) return []
  const sql = `ALTER PUBLICATION ${name} DROP ${renderMembers(members, 'name')}`
  return [{ ...step(sql, ...memberLocks(members)), phase: 'release' }]
}

function addMembersSteps({ name }: DdlObject, members: readonly PublicationMember[]): readonly DdlStep[] {
  if (members.length === 0) return []
  return [
    step(`ALTER PUBLICATION ${name} ADD ${renderMembers(members, 'published')}`, ...memberLocks(members)),
  ]
}

function memberLocks(members: readonly PublicationMember[]): readonly Hazard[] {
  return members
    .filter(({ memberType }) => memberType === 'TABLE')
    .map(({ name }) => ({
      hazard: 'lock',
      table: name.replace(/^ONLY /, ''),
      lock: 'SHARE UPDATE EXCLUSIVE',
    }))
}
