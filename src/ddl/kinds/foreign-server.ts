import { ident, literal } from '../identifiers.js'
import { type DdlObject, type KindDdl, text } from '../object.js'
import { alteredWithOptions, createdWithOptions, droppedWithOptions } from './foreign-options.js'

const functions = ['handler', 'validator']

export const foreignDataWrapper: KindDdl = {
  reference: wrapperReference,
  create: (object) => {
    const clauses = functions.flatMap((fact) => functionClause(object, fact) ?? [])
    return createdWithOptions(object, [`CREATE ${wrapperReference(object)}`, ...clauses].join(' '))
  },
  drop: (object) => droppedWithOptions(object, wrapperReference(object)),
  alter: (change) => {
    const { to, facts } = change
    const clauses = functions
      .filter((fact) => facts.has(fact))
      .map((fact) => functionClause(to, fact) ?? `NO ${fact.toUpperCase()}`)
    return alteredWithOptions(change, `ALTER ${wrapperReference(to)}`, clauses)
  },
}

function wrapperReference({ name }: DdlObject): string {
  return `FOREIGN DATA WRAPPER ${name}`
}

function functionClause(object: DdlObject, fact: string): string | undefined {
  const name = text(object, fact)
  return name === '' ? undefined : `${fact.toUpperCase()} ${name}`
}

export const server: KindDdl = {
  reference: serverReference,
  create: (object) => {
    const { name, facts } = object
    const clauses = ['type', 'version']
      .filter((fact) => facts[fact] !== undefined)
      .map((fact) => `${fact.toUpperCase()} ${literal(text(object, fact))}`)
    const wrapper = `FOREIGN DATA WRAPPER ${text(object, 'wrapper')}`
    return createdWithOptions(object, [`CREATE SERVER ${name}`, ...clauses, wrapper].join(' '))
  },
  drop: (object) => droppedWithOptions(object, serverReference(object)),
  alter: (change) => {
    const { to, facts } = change
    if (facts.has('wrapper') || facts.has('type')) return 'replace'
    const version = to.facts['version']
    const clause = `VERSION ${version === undefined ? 'NULL' : literal(String(version))}`
    return alteredWithOptions(change, `ALTER ${serverReference(to)}`, facts.has('version') ? [clause] : [])
  },
}

function serverReference({ name }: DdlObject): string {
  return `SERVER ${name}`
}

export const userMapping: KindDdl = {
  reference: mappingReference,
  create: (object) => createdWithOptions(object, `CREATE ${mappingReference(object)}`),
  drop: (object) => droppedWithOptions(object, mappingReference(object)),
  alter: (change) => alteredWithOptions(change, `ALTER ${mappingReference(change.to)}`, []),
}

function mappingReference({ names: [server = '', user = ''] }: DdlObject): string {
  return `USER MAPPING FOR ${user === 'public' ? 'PUBLIC' : ident(user)} SERVER ${ident(server)}`
}
