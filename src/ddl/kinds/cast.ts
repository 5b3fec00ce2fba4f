import { type DdlObject, type KindDdl, step, textFact } from '../object.js'

/** The clause for the fact `method`. */
const castMethods: Readonly<Record<string, (cast: DdlObject) => string>> = {
  function: (cast) => `WITH FUNCTION ${textFact(cast, 'function')}`,
  inout: () => 'WITH INOUT',
  binary: () => 'WITHOUT FUNCTION',
}

export const castDdl: KindDdl = {
  reference: (object) => `CAST (${textFact(object, 'source')} AS ${textFact(object, 'target')})`,
  create: (object) => {
    const context = textFact(object, 'context')
    const method = castMethods[textFact(object, 'method')]?.(object) ?? ''
    return [
      step(
        `CREATE ${castDdl.reference(object)} ${method}${context === '' ? '' : ` AS ${context.toUpperCase()}`}`,
      ),
    ]
  },
}
