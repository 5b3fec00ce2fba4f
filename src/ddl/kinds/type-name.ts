/** A type as `format_type` prints it, in its parts. */
export interface TypeName {
  /** Of the element where it is an array, without modifiers: `timestamp without time zone`. */
  readonly name: string
  readonly isArray: boolean
  /** The numbers in parentheses: length, or precision and scale; empty without them. */
  readonly modifiers: readonly number[]
  /** The fields of an interval: `day to second`; empty for all. */
  readonly fields: string
}

const intervalFields = /^interval (year|month|day|hour|minute|second)( to \w+)?$/

/** `numeric(10,2)[]` -> the name `numeric`, an array, with 10 and 2. */
export function parseTypeName(type: string): TypeName {
  const element = type.replace(/(\[\])+$/, '')
  const [found = '', numbers] = /\((\d+(?:,-?\d+)?)\)/.exec(element) ?? []
  const name = element.replace(found, '')
  const fields = intervalFields.test(name) ? name.slice('interval '.length) : ''
  return {
    name: fields === '' ? name : 'interval',
    isArray: element !== type,
    modifiers: numbers === undefined ? [] : numbers.split(',').map(Number),
    fields,
  }
}
