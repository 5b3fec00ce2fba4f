import type { Knex } from 'knex'

/** What would end the transaction or the connection that a migration shares with the proof and the record of its revision. */
const refused: Readonly<Record<string, string>> = {
  commit: 'would commit a revision that is neither verified nor recorded',
  rollback: 'would leave the revision without its transaction; a migration fails by throwing an error',
  destroy: 'would close the connection that holds the migration lock',
}

/** Runs code that gets this Knex, on which the methods that belong to its owner throw meanwhile. */
export async function withGuardedKnex<T>(knex: Knex, run: () => Promise<T>): Promise<T> {
  const own = Object.keys(refused)
    .filter((name) => name in knex)
    .map((name) => [name, Object.getOwnPropertyDescriptor(knex, name)] as const)
  for (const [name] of own) Object.defineProperty(knex, name, { configurable: true, value: refusalOf(name) })
  try {
    return await run()
  } finally {
    for (const [name, property] of own) {
      Reflect.deleteProperty(knex, name)
      if (property !== undefined) Object.defineProperty(knex, name, property)
    }
  }
}

function refusalOf(name: string): () => never {
  return () => {
    throw new Error(`${name}() of the knex that a migration is given ${refused[name]}`)
  }
}
