import { defaultPrivilegeSteps } from '../annotations/default-privileges.js'
import type { KindDdl } from '../object.js'

/** Default privileges consist only of grants, which `grantSteps` writes. */
export const defaultPrivilegesDdl: KindDdl = {
  reference: ({ name }) => `DEFAULT PRIVILEGES ${name}`,
  create: () => [],
  drop: (object) => defaultPrivilegeSteps(object, undefined),
  alter: () => [],
}
