import { type DdlObject, is, type KindDdl, step, text } from '../object.js'

export const language: KindDdl = {
  reference: ({ name }) => `LANGUAGE ${name}`,
  create: (object) => [step(`CREATE ${declaration(object)}`)],
  alter: ({ to }) => [step(`CREATE OR REPLACE ${declaration(to)}`)],
}

function declaration(object: DdlObject): string {
  const [inline, validator] = [text(object, 'inline'), text(object, 'validator')]
  return [
    `${is(object, 'trusted') ? 'TRUSTED ' : ''}LANGUAGE ${object.name} HANDLER ${text(object, 'handler')}`,
    ...(inline === '' ? [] : [`INLINE ${inline}`]),
    ...(validator === '' ? [] : [`VALIDATOR ${validator}`]),
  ].join(' ')
}

export const accessMethod: KindDdl = {
  reference: ({ name }) => `ACCESS METHOD ${name}`,
  create: (object) => [
    step(
      `CREATE ACCESS METHOD ${object.name} TYPE ${text(object, 'type').toUpperCase()} HANDLER ${text(object, 'handler')}`,
    ),
  ],
}
