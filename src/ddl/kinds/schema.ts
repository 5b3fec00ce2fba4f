import { type KindDdl, step } from '../object.js'

export const schemaDdl: KindDdl = {
  reference: ({ name }) => `SCHEMA ${name}`,
  create: ({ name }) => [step(`CREATE SCHEMA ${name}`)],
}
