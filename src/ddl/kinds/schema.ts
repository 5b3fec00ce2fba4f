import { type KindDdl, step } from '../object.js'

export const schema: KindDdl = {
  reference: ({ name }) => `SCHEMA ${name}`,
  create: ({ name }) => [step(`CREATE SCHEMA ${name}`)],
}
