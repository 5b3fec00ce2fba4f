import { literal } from '../identifiers.js'
import { is, type KindDdl, step, text } from '../object.js'
import { type Clause, parenthesized } from './clauses.js'

const options: Readonly<Record<string, Clause>> = {
  provider: (collation) => `PROVIDER = ${text(collation, 'provider')}`,
  locale: (collation) =>
    text(collation, 'ctype') === ''
      ? `LOCALE = ${literal(text(collation, 'locale'))}`
      : `LC_COLLATE = ${literal(text(collation, 'locale'))}`,
  ctype: (collation) => `LC_CTYPE = ${literal(text(collation, 'ctype'))}`,
  deterministic: (collation) => `DETERMINISTIC = ${is(collation, 'deterministic')}`,
  rules: (collation) => `RULES = ${literal(text(collation, 'rules'))}`,
}

export const collation: KindDdl = {
  reference: ({ name }) => `COLLATION ${name}`,
  create: (object) => [step(`CREATE COLLATION ${object.name} ${parenthesized(object, options)}`)],
}
