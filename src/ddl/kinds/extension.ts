import { quoteIdentifier } from '../identifiers.js'
import { type DdlObject, booleanFact, type KindDdl, listFact, step, textFact } from '../object.js'

export const extensionDdl: KindDdl = {
  reference: ({ name }) => `EXTENSION ${name}`,
  create: (object) => [step(`CREATE EXTENSION ${object.name} SCHEMA ${extensionSchema(object)}`)],
  drop: (object) => [
    step(
      `DROP EXTENSION ${object.name}`,
      ...listFact(object, '$tables').map((table) => ({
        hazard: 'data loss' as const,
        what: `the rows of ${table}, a table of the extension ${object.name}`,
      })),
    ),
  ],
  alter: ({ from, to }) =>
    booleanFact(from, '$fixed')
      ? 'replace'
      : [step(`ALTER EXTENSION ${to.name} SET SCHEMA ${extensionSchema(to)}`)],
}

function extensionSchema(object: DdlObject): string {
  return quoteIdentifier(textFact(object, 'schema'))
}
