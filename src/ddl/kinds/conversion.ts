import { literal } from '../identifiers.js'
import { type DdlObject, is, type KindDdl, step, text } from '../object.js'

export const conversion: KindDdl = {
  reference: ({ name }) => `CONVERSION ${name}`,
  create: (object) => [
    step(
      `CREATE ${is(object, 'default') ? 'DEFAULT ' : ''}CONVERSION ${object.name}` +
        ` FOR ${literal(text(object, 'source'))} TO ${literal(text(object, 'target'))}` +
        ` FROM ${text(object, 'function')}`,
    ),
  ],
}

export const transform: KindDdl = {
  reference: (object) => `TRANSFORM ${subjectOf(object)}`,
  create: (object) => [step(`CREATE TRANSFORM ${subjectOf(object)} ${functionsOf(object)}`)],
  alter: ({ to }) => [step(`CREATE OR REPLACE TRANSFORM ${subjectOf(to)} ${functionsOf(to)}`)],
}

function subjectOf(object: DdlObject): string {
  return `FOR ${text(object, 'type')} LANGUAGE ${text(object, 'language')}`
}

function functionsOf(object: DdlObject): string {
  const [fromSql, toSql] = [text(object, 'fromSql'), text(object, 'toSql')]
  return `(${[
    ...(fromSql === '' ? [] : [`FROM SQL WITH FUNCTION ${fromSql}`]),
    ...(toSql === '' ? [] : [`TO SQL WITH FUNCTION ${toSql}`]),
  ].join(', ')})`
}
