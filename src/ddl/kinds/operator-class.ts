import { objectKey } from '../../core/model/catalog.js'
import { type DdlObject, is, type KindDdl, list, type Step, step, text } from '../object.js'

export const operatorFamily: KindDdl = {
  reference: (object) => `OPERATOR FAMILY ${using(object)}`,
  create: (object) => [
    step(`CREATE OPERATOR FAMILY ${using(object)}`),
    ...added(object, list(object, 'members')),
  ],
  alter: ({ from, to }) => [
    ...dropped(from, without(list(from, 'members'), list(to, 'members'))),
    ...added(to, without(list(to, 'members'), list(from, 'members'))),
  ],
}

export const operatorClass: KindDdl = {
  reference: (object) => `OPERATOR CLASS ${using(object)}`,
  create: (object) => [step(`CREATE OPERATOR CLASS ${object.name} ${declaration(object)}`)],
  drop: (object) => [step(`DROP OPERATOR ${isOnlyOfFamily(object) ? 'FAMILY' : 'CLASS'} ${using(object)}`)],
}

/** `public.by_length USING btree`; the method is in the signature. */
function using({ name, signature }: DdlObject): string {
  return `${name} USING ${signature.slice(1, -1)}`
}

function added(family: DdlObject, members: readonly string[]): readonly Step[] {
  return members.length === 0
    ? []
    : [step(`ALTER OPERATOR FAMILY ${using(family)} ADD ${members.join(', ')}`)]
}

function dropped(family: DdlObject, members: readonly string[]): readonly Step[] {
  if (members.length === 0) return []
  const slots = members.map(slotOf).join(', ')
  return [{ ...step(`ALTER OPERATOR FAMILY ${using(family)} DROP ${slots}`), phase: 'release' }]
}

function without(members: readonly string[], others: readonly string[]): readonly string[] {
  return members.filter((member) => !others.includes(member))
}

/** A member is dropped by its number and the types of its operands, which follow either at once or after an operator. */
function slotOf(member: string): string {
  const [, slot = ''] = /^(\w+ \d+)/.exec(member) ?? []
  const [operands = ''] = /\((?:"(?:[^"]|"")*"|[^)"])*\)/.exec(member.replace(/ FOR ORDER BY .*$/, '')) ?? []
  return `${slot} ${operands}`
}

function declaration(object: DdlObject): string {
  const family = text(object, 'family')
  const storage = text(object, 'storage')
  const members = [
    ...list(object, 'operators'),
    ...list(object, 'functions'),
    ...(storage === '' ? [] : [`STORAGE ${storage}`]),
  ]
  return [
    ...(is(object, 'default') ? ['DEFAULT'] : []),
    `FOR TYPE ${text(object, 'type')} USING ${object.signature.slice(1, -1)}`,
    ...(family === '' ? [] : [`FAMILY ${family}`]),
    `AS ${members.join(', ')}`,
  ].join(' ')
}

/** A class that was made without a family has made one of its own name, which must not outlive it. */
function isOnlyOfFamily({ names: [schema = '', name = ''], signature, facts, catalog }: DdlObject): boolean {
  if (facts['family'] !== undefined) return false
  return catalog[objectKey('operator_family', [schema, name], signature)] === undefined
}
