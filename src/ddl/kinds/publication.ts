import { tableOf } from '../../core/model/catalog.js'
import { type DdlObject, is, type KindDdl, list, type Step, step, text } from '../object.js'
import type { Hazard } from '../statement.js'
import { type Member, memberList, membersOf } from './publication-members.js'

const allChanges = ['insert', 'update', 'delete', 'truncate']

/** The options of a publication by fact. */
const options: Readonly<Record<string, (publication: DdlObject) => string>> = {
  publish: ({ facts }) =>
    `publish = '${list({ facts: { publish: allChanges, ...facts } }, 'publish').join(', ')}'`,
  viaRoot: (object) => `publish_via_partition_root = ${is(object, 'viaRoot')}`,
  generatedColumns: (object) => `publish_generated_columns = ${text(object, 'generatedColumns') || 'none'}`,
}

export const publication: KindDdl = {
  reference: ({ name }) => `PUBLICATION ${name}`,
  create: (object) => {
    const members = membersOf(object)
    const published = is(object, 'allTables') ? 'ALL TABLES' : memberList(members, 'published')
    const settings = optionsOf(object, (fact) => object.facts[fact] !== undefined)
    const clauses = [
      ...(published === '' ? [] : [`FOR ${published}`]),
      ...(settings === '' ? [] : [`WITH (${settings})`]),
    ]
    return [step([`CREATE PUBLICATION ${object.name}`, ...clauses].join(' '), ...locks(members))]
  },
  alter: ({ from, to, facts }) => {
    if (facts.has('allTables')) return 'replace'
    const [before, after] = [membersOf(from), membersOf(to)]
    const settings = optionsOf(to, (fact) => facts.has(fact))
    return [
      ...dropped(from, without(before, after)),
      ...added(to, without(after, before)),
      ...(settings === '' ? [] : [step(`ALTER PUBLICATION ${to.name} SET (${settings})`)]),
    ]
  },
  rebind: ({ from, to }, needed) => {
    const ofNeeded = ({ key }: Member): boolean => key === needed || key === tableOf(needed)
    const [before, after] = [membersOf(from).filter(ofNeeded), membersOf(to).filter(ofNeeded)]
    if (before.length === 0 || after.length === 0) return null
    // What differs goes and comes by itself.
    const isSame = (one: Member): boolean => without([one], after).length === 0
    return [...dropped(from, before.filter(isSame)), ...added(to, before.filter(isSame))]
  },
}

function optionsOf(object: DdlObject, isWanted: (fact: string) => boolean): string {
  return Object.entries(options)
    .filter(([fact]) => isWanted(fact))
    .map(([, render]) => render(object))
    .join(', ')
}

function without(members: readonly Member[], others: readonly Member[]): readonly Member[] {
  return members.filter(
    ({ of, published }) => !others.some((other) => other.of === of && other.published === published),
  )
}

/** A table leaves before it goes, and before a column that its filter names does. */
function dropped({ name }: DdlObject, members: readonly Member[]): readonly Step[] {
  if (members.length === 0) return []
  const sql = `ALTER PUBLICATION ${name} DROP ${memberList(members, 'name')}`
  return [{ ...step(sql, ...locks(members)), phase: 'release' }]
}

function added({ name }: DdlObject, members: readonly Member[]): readonly Step[] {
  if (members.length === 0) return []
  return [step(`ALTER PUBLICATION ${name} ADD ${memberList(members, 'published')}`, ...locks(members))]
}

function locks(members: readonly Member[]): readonly Hazard[] {
  return members
    .filter(({ of }) => of === 'TABLE')
    .map(({ name }) => ({
      hazard: 'lock',
      table: name.replace(/^ONLY /, ''),
      lock: 'SHARE UPDATE EXCLUSIVE',
    }))
}
