import { quoteLiteral } from '../identifiers.js'
import { booleanFact, type KindDdl, step, textFact } from '../object.js'
import { type OptionClause, renderOptionList } from './option-list.js'

const collationOptions: Readonly<Record<string, OptionClause>> = {
  provider: (collation) => `PROVIDER = ${textFact(collation, 'provider')}`,
  locale: (collation) =>
    textFact(collation, 'ctype') === ''
      ? `LOCALE = ${quoteLiteral(textFact(collation, 'locale'))}`
      : `LC_COLLATE = ${quoteLiteral(textFact(collation, 'locale'))}`,
  ctype: (collation) => `LC_CTYPE = ${quoteLiteral(textFact(collation, 'ctype'))}`,
  deterministic: (collation) => `DETERMINISTIC = ${booleanFact(collation, 'deterministic')}`,
  rules: (collation) => `RULES = ${quoteLiteral(textFact(collation, 'rules'))}`,
}

export const collationDdl: KindDdl = {
  reference: ({ name }) => `COLLATION ${name}`,
  create: (object) => [step(`CREATE COLLATION ${object.name} ${renderOptionList(object, collationOptions)}`)],
}
