import {
  durationType,
  environmentsType,
  ignoreRulesType,
  type ConfigKey,
  enumType,
  booleanType,
  namesType,
} from './value-types.js'

/** The answer for each situation, and what is verified. */
export const policyKeys = {
  ON_BEHIND: {
    ...enumType('migrate', 'refuse', 'warn'),
    default: 'migrate',
    description: 'What to do when the database lacks revisions of this build.',
  },
  ON_DRIFT: {
    ...enumType('refuse', 'warn'),
    default: 'refuse',
    description:
      'What to do when the catalog differs from the promise in a way that breaks or weakens this build.',
  },
  ON_AHEAD: {
    ...enumType('judge', 'warn', 'refuse'),
    default: 'judge',
    description:
      'What to do when a newer build migrated the database; `judge` refuses only if that breaks this build.',
  },
  ON_OUT_OF_ORDER: {
    ...enumType('refuse', 'migrate'),
    default: 'refuse',
    defaultNote: 'refuse if NODE_ENV or ENV_TARGET is production, else migrate',
    description: 'What to do when a pending revision comes before an applied one.',
  },
  ON_UNVERIFIED: {
    ...enumType('refuse', 'warn'),
    default: 'refuse',
    defaultNote: 'refuse if NODE_ENV or ENV_TARGET is production, else warn',
    description:
      'What to do when there is no snapshot to verify against; `refuse` comes before anything is migrated.',
  },
  ON_DRIFT_WHILE_SERVING: {
    ...enumType('warn', 'unready'),
    default: 'warn',
    description:
      'What to do when the database changes in such a way while the service runs: `warn` stays ready, says so in the log and fails /health/schema; `unready` also answers 503 on /health/ready.',
  },
  ON_HAZARD: {
    ...enumType('warn', 'refuse', 'allow'),
    default: 'warn',
    defaultNote: 'warn if NODE_ENV or ENV_TARGET is production, else allow',
    description:
      'What to do before migrating when a pending revision locks, rewrites, reads or loses what neither `PLAN_ALLOW` nor a comment in it allows.',
  },
  REFUSE_BY: {
    ...enumType('exit', 'unready'),
    default: 'exit',
    description:
      'How the service refuses: `exit` ends the process; `unready` answers 503 and checks again until the service may serve.',
  },
  PROTECTED_ENVIRONMENTS: {
    ...environmentsType,
    default: 'production',
    description:
      'The environments in which a command that removes something asks for the name of the environment; `none` for no environment.',
  },
  PLAN_ALLOW: {
    ...namesType,
    default: 'lock,outside-a-transaction',
    description:
      'The hazards and rules that `plan` allows without `--allow`, and `ON_HAZARD` without a word; `none` for none. `plan` exits with 4 for others.',
  },
  VERIFY_INTERVAL: {
    ...durationType,
    default: '60s',
    description: 'How often the catalog is verified again while the service runs.',
  },
  VERIFY_TIMEOUT: {
    ...durationType,
    default: '10s',
    description: 'How long one verification may take.',
  },
  VERIFY_AT_START: {
    ...enumType('auto', 'full'),
    default: 'auto',
    description:
      'How a start, `migrate` and `check` verify: `auto` does not read the catalog where the server proves that nothing has changed since it was last found as promised, and a service reads it once its port is bound; `full` reads it always.',
  },
  VERIFY_IGNORE: {
    ...ignoreRulesType,
    default: null,
    description: 'Objects that may differ from the promise. Ignored differences are counted and shown.',
  },
  VERIFY_COMMENTS: {
    ...booleanType,
    default: 'false',
    description: 'Whether comments are compared.',
  },
  VERIFY_GRANTS: {
    ...booleanType,
    default: 'false',
    description: 'Whether owners, grants and default privileges are compared.',
  },
} as const satisfies Record<string, ConfigKey>
