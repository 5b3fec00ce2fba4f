import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { type DdlObject, type KindDdl, textFact } from '../object.js'
import { alterWithOptions, createWithOptions, dropWithOptions } from './foreign-options.js'

const wrapperFunctions = ['handler', 'validator']

export const foreignDataWrapperDdl: KindDdl = {
  reference: wrapperReference,
  create: (object) => {
    const clauses = wrapperFunctions.flatMap((fact) => functionClause(object, fact) ?? [])
    return createWithOptions(object, [`CREATE ${wrapperReference(object)}`, ...clauses].join(' '))
  },
  drop: (object) => dropWithOptions(object, wrapperReference(object)),
  alter: (change) => {
    const { to, facts } = change
    const clauses = wrapperFunctions
      .filter((fact) => facts.has(fact))
      .map((fact) => functionClause(to, fact) ?? `NO ${fact.toUpperCase()}`)
    return alterWithOptions(change, `ALTER ${wrapperReference(to)}`, clauses)
  },
}

function wrapperReference({ name }: DdlObject): string {
  return `FOREIGN DATA WRAPPER ${name}`
}

function functionClause(object: DdlObject, fact: string): string | undefined {
  const name = textFact(object, fact)
  return name === '' ? undefined : `${fact.toUpperCase()} ${name}`
}

export const serverDdl: KindDdl = {
  reference: serverReference,
  create: (object) => {
    const { name, facts } = object
    const clauses = ['type', 'version']
      .filter((fact) => facts[fact] !== undefined)
      .map((fact) => `${fact.toUpperCase()} ${quoteLiteral(textFact(object, fact))}`)
    const wrapper = `FOREIGN DATA WRAPPER ${textFact(object, 'wrapper')}`
    return createWithOptions(object, [`CREATE SERVER ${name}`, ...clauses, wrapper].join(' '))
  },
  drop: (object) => dropWithOptions(object, serverReference(object)),
  alter: (change) => {
    const { to, facts } = change
    if (facts.has('wrapper') || facts.has('type')) return 'replace'
    const version = to.facts['version']
    const clause = `VERSION ${version === undefined ? 'NULL' : quoteLiteral(String(version))}`
    return alterWithOptions(change, `ALTER ${serverReference(to)}`, facts.has('version') ? [clause] : [])
  },
}

function serverReference({ name }: DdlObject): string {
  return `SERVER ${name}`
}

export const userMappingDdl: KindDdl = {
  reference: mappingReference,
  create: (object) => createWithOptions(object, `CREATE ${mappingReference(object)}`),
  drop: (object) => dropWithOptions(object, mappingReference(object)),
  alter: (change) => alterWithOptions(change, `ALTER ${mappingReference(change.to)}`, []),
}

function mappingReference({ names: [server = '', user = ''] }: DdlObject): string {
  return `USER MAPPING FOR ${user === 'public' ? 'PUBLIC' : quoteIdentifier(user)} SERVER ${quoteIdentifier(server)}`
}
