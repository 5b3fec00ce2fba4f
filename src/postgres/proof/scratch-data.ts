import type pg from 'pg'
import { type Contents, readContents, readContentsAfter } from './contents.js'
import { insertSampleRows, type TableSelection } from './sample-rows.js'
import {
  advanceSequences,
  readPositions,
  readSequences,
  type SequencePositions,
} from './sequence-positions.js'

/** The tables whose data statements may touch, and the names in SQL of the sequences that they are for. */
export interface DataScope {
  readonly tables: TableSelection
  readonly sequences: readonly string[]
}

/** The data that statements may lose. */
export interface ScratchData {
  readonly contents: Contents
  readonly positions: SequencePositions
}

/** Puts rows in tables, and sequences past these. In a transaction of the caller, by a superuser. */
export async function fillScratch(client: pg.ClientBase, scope: DataScope): Promise<void> {
  await insertSampleRows(client, scope.tables)
  await advanceSequences(client, await readSequences(client, scope.tables, scope.sequences))
}

/** What there is before statements run. */
export async function readScratchData(client: pg.ClientBase, scope: DataScope): Promise<ScratchData> {
  return {
    contents: await readContents(client, scope.tables),
    positions: await readScopePositions(client, scope),
  }
}

/** The same data afterwards. */
export async function readScratchAfter(
  client: pg.ClientBase,
  scope: DataScope,
  before: ScratchData,
): Promise<ScratchData> {
  // One that no longer numbers a column still has its position.
  const numbering = Object.keys(before.positions).flatMap((key) =>
    key.startsWith('sequence:') ? [key.slice('sequence:'.length)] : [],
  )
  const sequences = [...new Set([...scope.sequences, ...numbering])]
  return {
    contents: await readContentsAfter(client, before.contents),
    positions: await readScopePositions(client, { ...scope, sequences }),
  }
}

async function readScopePositions(
  client: pg.ClientBase,
  { tables, sequences }: DataScope,
): Promise<SequencePositions> {
  return readPositions(client, await readSequences(client, tables, sequences))
}
