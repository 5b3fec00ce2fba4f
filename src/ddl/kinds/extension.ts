import { ident } from '../identifiers.js'
import { type DdlObject, is, type KindDdl, list, step, text } from '../object.js'

export const extension: KindDdl = {
  reference: ({ name }) => `EXTENSION ${name}`,
  create: (object) => [step(`CREATE EXTENSION ${object.name} SCHEMA ${schemaOf(object)}`)],
  drop: (object) => [
    step(
      `DROP EXTENSION ${object.name}`,
      ...list(object, '$tables').map((table) => ({
        hazard: 'data loss' as const,
        what: `the rows of ${table}, which the extension ${object.name} brought`,
      })),
    ),
  ],
  alter: ({ from, to }) =>
    is(from, '$fixed') ? 'replace' : [step(`ALTER EXTENSION ${to.name} SET SCHEMA ${schemaOf(to)}`)],
}

function schemaOf(object: DdlObject): string {
  return ident(text(object, 'schema'))
}
