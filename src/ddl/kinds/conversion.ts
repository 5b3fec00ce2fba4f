import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, booleanFact, type KindDdl, step, textFact } from '../object.js'

export const conversionDdl: KindDdl = {
  reference: ({ name }) => `CONVERSION ${name}`,
  create: (object) => [
    step(
      `CREATE ${booleanFact(object, 'default') ? 'DEFAULT ' : ''}CONVERSION ${object.name}` +
        ` FOR ${quoteLiteral(textFact(object, 'source'))} TO ${quoteLiteral(textFact(object, 'target'))}` +
        ` FROM ${textFact(object, 'function')}`,
    ),
  ],
}

export const transformDdl: KindDdl = {
  reference: (object) => `TRANSFORM ${transformTarget(object)}`,
  create: (object) => [step(`CREATE TRANSFORM ${transformTarget(object)} ${transformFunctions(object)}`)],
  alter: ({ to }) => [step(`CREATE OR REPLACE TRANSFORM ${transformTarget(to)} ${transformFunctions(to)}`)],
}

function transformTarget(object: DdlObject): string {
  return `FOR ${textFact(object, 'type')} LANGUAGE ${textFact(object, 'language')}`
}

function transformFunctions(object: DdlObject): string {
  const [fromSql, toSql] = [textFact(object, 'fromSql'), textFact(object, 'toSql')]
  return `(${[
    ...(fromSql === '' ? [] : [`FROM SQL WITH FUNCTION ${fromSql}`]),
    ...(toSql === '' ? [] : [`TO SQL WITH FUNCTION ${toSql}`]),
  ].join(', ')})`
}
