import { objectKey } from '../../core/model/catalog.js'
import {
  type DdlObject,
  booleanFact,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
} from '../object.js'

export const operatorFamilyDdl: KindDdl = {
  reference: (object) => `OPERATOR FAMILY ${nameWithMethod(object)}`,
  create: (object) => [
    step(`CREATE OPERATOR FAMILY ${nameWithMethod(object)}`),
    ...addFamilyMembers(object, listFact(object, 'members')),
  ],
  alter: ({ from, to }) => [
    ...dropFamilyMembers(from, membersOnlyIn(listFact(from, 'members'), listFact(to, 'members'))),
    ...addFamilyMembers(to, membersOnlyIn(listFact(to, 'members'), listFact(from, 'members'))),
  ],
}

export const operatorClassDdl: KindDdl = {
  reference: (object) => `OPERATOR CLASS ${nameWithMethod(object)}`,
  create: (object) => [step(`CREATE OPERATOR CLASS ${object.name} ${operatorClassDeclaration(object)}`)],
  drop: (object) => [
    step(`DROP OPERATOR ${hasImplicitFamily(object) ? 'FAMILY' : 'CLASS'} ${nameWithMethod(object)}`),
  ],
}

/** `public.by_length USING btree`; the access method is the signature. */
function nameWithMethod({ name, signature }: DdlObject): string {
  return `${name} USING ${signature.slice(1, -1)}`
}

function addFamilyMembers(family: DdlObject, members: readonly string[]): readonly DdlStep[] {
  return members.length === 0
    ? []
    : [step(`ALTER OPERATOR FAMILY ${nameWithMethod(family)} ADD ${members.join(', ')}`)]
}

function dropFamilyMembers(family: DdlObject, members: readonly string[]): readonly DdlStep[] {
  if (members.length === 0) return []
  const slots = members.map(familyMemberSlot).join(', ')
  return [{ ...step(`ALTER OPERATOR FAMILY ${nameWithMethod(family)} DROP ${slots}`), phase: 'release' }]
}

function membersOnlyIn(members: readonly string[], others: readonly string[]): readonly string[] {
  return members.filter((member) => !others.includes(member))
}

/**
 * DROP names a member by its number and its operand types. In the fact these follow the number or the name of the
 * operator.
 */
function familyMemberSlot(member: string): string {
  const [, slot = ''] = /^(\w+ \d+)/.exec(member) ?? []
  const [operands = ''] = /\((?:"(?:[^"]|"")*"|[^)"])*\)/.exec(member.replace(/ FOR ORDER BY .*$/, '')) ?? []
  return `${slot} ${operands}`
}

function operatorClassDeclaration(object: DdlObject): string {
  const family = textFact(object, 'family')
  const storage = textFact(object, 'storage')
  const members = [
    ...listFact(object, 'operators'),
    ...listFact(object, 'functions'),
    ...(storage === '' ? [] : [`STORAGE ${storage}`]),
  ]
  return [
    ...(booleanFact(object, 'default') ? ['DEFAULT'] : []),
    `FOR TYPE ${textFact(object, 'type')} USING ${object.signature.slice(1, -1)}`,
    ...(family === '' ? [] : [`FAMILY ${family}`]),
    `AS ${members.join(', ')}`,
  ].join(' ')
}

/** CREATE OPERATOR CLASS without a family creates one with the same name, which must be dropped with the class. */
function hasImplicitFamily({
  names: [schema = '', name = ''],
  signature,
  facts,
  catalog,
}: DdlObject): boolean {
  if (facts['family'] !== undefined) return false
  return catalog[objectKey('operator_family', [schema, name], signature)] === undefined
}
