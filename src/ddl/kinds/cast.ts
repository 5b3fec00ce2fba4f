import { type DdlObject, type KindDdl, step, text } from '../object.js'

/** How a cast is done, by the fact `method`. */
const methods: Readonly<Record<string, (cast: DdlObject) => string>> = {
  function: (cast) => `WITH FUNCTION ${text(cast, 'function')}`,
  inout: () => 'WITH INOUT',
  binary: () => 'WITHOUT FUNCTION',
}

export const cast: KindDdl = {
  reference: (object) => `CAST (${text(object, 'source')} AS ${text(object, 'target')})`,
  create: (object) => {
    const context = text(object, 'context')
    const method = methods[text(object, 'method')]?.(object) ?? ''
    return [
      step(
        `CREATE ${cast.reference(object)} ${method}${context === '' ? '' : ` AS ${context.toUpperCase()}`}`,
      ),
    ]
  },
}
