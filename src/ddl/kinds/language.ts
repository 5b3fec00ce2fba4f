import { type DdlObject, booleanFact, type KindDdl, step, textFact } from '../object.js'

export const languageDdl: KindDdl = {
  reference: ({ name }) => `LANGUAGE ${name}`,
  create: (object) => [step(`CREATE ${languageDeclaration(object)}`)],
  alter: ({ to }) => [step(`CREATE OR REPLACE ${languageDeclaration(to)}`)],
}

function languageDeclaration(object: DdlObject): string {
  const [inline, validator] = [textFact(object, 'inline'), textFact(object, 'validator')]
  return [
    `${booleanFact(object, 'trusted') ? 'TRUSTED ' : ''}LANGUAGE ${object.name} HANDLER ${textFact(object, 'handler')}`,
    ...(inline === '' ? [] : [`INLINE ${inline}`]),
    ...(validator === '' ? [] : [`VALIDATOR ${validator}`]),
  ].join(' ')
}

export const accessMethodDdl: KindDdl = {
  reference: ({ name }) => `ACCESS METHOD ${name}`,
  create: (object) => [
    step(
      `CREATE ACCESS METHOD ${object.name} TYPE ${textFact(object, 'type').toUpperCase()} HANDLER ${textFact(object, 'handler')}`,
    ),
  ],
}
