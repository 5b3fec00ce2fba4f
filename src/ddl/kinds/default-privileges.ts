import { defaultPrivilegeSteps } from '../annotations/default-privileges.js'
import type { KindDdl } from '../object.js'

/** Default privileges are nothing but grants, which `grantSteps` writes. */
export const defaultPrivilegesDdl: KindDdl = {
  reference: ({ name }) => `DEFAULT PRIVILEGES ${name}`,
  create: () => [],
  drop: (from) => defaultPrivilegeSteps({ from }),
  alter: () => [],
}
