import { impactRules } from '../../src/core/impact/assess-impact.js'
import type { Facts } from '../../src/core/model/catalog.js'
import { parsePattern } from '../../src/core/model/pattern.js'
import type { Scope } from '../../src/core/model/scope.js'
import type { Snapshot } from '../../src/core/model/snapshot.js'

export const songs = 'table:public.songs'

export const title = 'column:public.songs.title'

export const text: Facts = { type: 'text', nullable: false }

export const snapshot: Snapshot = {
  postgres: 18,
  base: { 'schema:public': {}, 'extension:plpgsql': { schema: 'pg_catalog' } },
  revisions: [
    {
      revision: '001',
      file: '001.js',
      checksum: 'sha256:1',
      changes: {
        [songs]: {},
        [title]: { type: 'text', nullable: true },
        'column:public.songs.token': { type: 'text', nullable: false },
      },
      undetermined: { 'column:public.songs.token': ['default'] },
    },
    { revision: '002', file: '002.js', checksum: 'sha256:2', changes: { [title]: text } },
    {
      revision: '003',
      file: '003.js',
      checksum: 'sha256:3',
      changes: { 'column:public.songs.token': null, 'extension:plpgsql': null },
    },
  ],
}

/** Kinds with unusual names, whether or not they have impact rules. */
const unusualKinds = ['operator', 'server', 'user_mapping', 'default_privileges']

export const scopeOf = (...patterns: readonly string[]): Scope => ({
  comments: false,
  grants: false,
  ignore: patterns.map((text) => {
    const parsed = parsePattern(text, [...Object.keys(impactRules), ...unusualKinds])
    if (parsed.status === 'faulty') throw new Error(`${parsed.why}: ${text}`)
    return { pattern: parsed.pattern, reason: null }
  }),
})
