import { type Facts, objectKey } from '../model/catalog.js'
import { unquotedNames } from '../model/pattern.js'
import type { ImpactContext } from './rule.js'

/** The tools whose triggers only record or forward what is written, by the names of the functions that these call. */
export const triggerTools: readonly {
  readonly tool: string
  readonly functions: string
  readonly matches: (schema: string, name: string) => boolean
}[] = [
  ofSchema('pg_repack', 'repack'),
  ofSchema('PgQ', 'pgq'),
  ofSchema('Londiste', 'londiste'),
  ofSchema('pglogical', 'pglogical'),
  ofSchema('Bucardo', 'bucardo'),
  ofSchema('Hasura', 'hdb_catalog'),
  ofSchema('Supabase webhooks', 'supabase_functions'),
  ofSchema('pgMemento', 'pgmemento'),
  ofSchema('audit triggers (audit-trigger, supa_audit)', 'audit'),
  {
    tool: 'Slony-I',
    functions: '_cluster.logtrigger, _cluster.log_truncate',
    matches: (schema, name) => schema.startsWith('_') && /^log(?:trigger|_truncate)$/.test(name),
  },
  {
    tool: 'E-Maj',
    functions: 'emaj*.*_fnct',
    matches: (schema, name) => schema.startsWith('emaj') && name.endsWith('_fnct'),
  },
  { tool: 'SymmetricDS', functions: 'fsym_on_*', matches: (_, name) => name.startsWith('fsym_on_') },
]

function ofSchema(tool: string, schema: string): (typeof triggerTools)[number] {
  return { tool, functions: `${schema}.*`, matches: (each) => each === schema }
}

/**
 * Whether a trigger fires after the write, so that it can neither change nor skip it, and calls a function of a known tool or
 * of an extension. A function in a schema that the migrations made is never a tool's.
 */
export function isTriggerOfTool({ definition }: Facts, { expected, live }: ImpactContext): boolean {
  const called = afterTriggerFunction(String(definition))
  if (called === null) return false
  const { schema, name } = called
  if (expected[objectKey('schema', [schema])] !== undefined) return false
  const isOfExtension = live[objectKey('function', [schema, name], '()')] === undefined
  return isOfExtension || triggerTools.some(({ matches }) => matches(schema, name))
}

const afterPattern = /^CREATE (?:CONSTRAINT )?TRIGGER (?:"(?:[^"]|"")*"|[^ ]+) AFTER /
const functionPattern =
  / EXECUTE (?:FUNCTION|PROCEDURE) ((?:"(?:[^"]|"")*"|[^". (]+)\.(?:"(?:[^"]|"")*"|[^". (]+))\(/g

/** Null if it fires before or instead of the write, or the definition does not say clearly which function it calls. */
function afterTriggerFunction(definition: string): { readonly schema: string; readonly name: string } | null {
  const calls = [...definition.matchAll(functionPattern)]
  const [schema, name] = unquotedNames(`function:${calls[0]?.[1] ?? ''}`)
  if (!afterPattern.test(definition) || calls.length !== 1 || schema === undefined || name === undefined)
    return null
  return { schema, name }
}
