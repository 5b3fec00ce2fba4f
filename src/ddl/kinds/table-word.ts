import { type DdlObject, relationOf } from '../object.js'

/** How ALTER calls the relation of a part: TABLE or FOREIGN TABLE. */
export function tableWord({ catalog, key }: DdlObject): string {
  return relationOf(catalog, key)?.startsWith('foreign_table:') === true ? 'FOREIGN TABLE' : 'TABLE'
}
