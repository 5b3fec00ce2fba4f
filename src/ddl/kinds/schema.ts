import { type KindDdl, step } from '../kind.js'

export const schema: KindDdl = {
  reference: ({ name }) => `SCHEMA ${name}`,
  create: ({ name }) => [step(`CREATE SCHEMA ${name}`)],
}
