// JSON schemas that document the answers. They are not used to serialise: the answers are sent as text. TypeBox would double
// the time of loading the plugin.

const stringSchema = { type: 'string' } as const
const stringsSchema = { type: 'array', items: stringSchema } as const
const nullableStringSchema = { type: ['string', 'null'] } as const

const refusedSchema = {
  type: 'object',
  required: ['code', 'detail', 'since'],
  properties: {
    code: stringSchema,
    detail: stringSchema,
    since: { type: 'string', format: 'date-time' },
    facts: { type: 'object', additionalProperties: true },
    choices: {
      type: 'array',
      items: {
        type: 'object',
        required: ['act', 'effect'],
        properties: { act: stringSchema, effect: stringSchema },
      },
    },
  },
} as const

/** The answer of live, startup and ready. */
export const probeSchema = {
  type: 'object',
  required: ['status', 'phase'],
  properties: { status: { enum: ['pass', 'fail'] }, phase: stringSchema },
} as const

const revisionSchema = {
  type: 'object',
  required: ['current', 'head', 'position', 'pending', 'unknown'],
  properties: {
    current: nullableStringSchema,
    head: nullableStringSchema,
    position: nullableStringSchema,
    pending: stringsSchema,
    unknown: stringsSchema,
  },
} as const

const verificationSchema = {
  type: 'object',
  required: ['status', 'checkedAt', 'objects', 'differenceCount', 'ignoredCount'],
  properties: {
    status: { enum: ['as promised', 'differs', 'unverified'] },
    checkedAt: { type: 'string', format: 'date-time' },
    unchangedSince: { type: 'string', format: 'date-time' },
    objects: { type: 'object', additionalProperties: { type: 'integer' } },
    differenceCount: { type: 'integer' },
    ignoredCount: { type: 'integer' },
    differences: { type: 'array', items: { type: 'object', additionalProperties: true } },
    ignored: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pattern', 'reason', 'differenceCount'],
        properties: {
          pattern: stringSchema,
          reason: nullableStringSchema,
          differenceCount: { type: 'integer' },
        },
      },
    },
  },
} as const

const blockerSchema = {
  type: 'object',
  required: ['pid', 'user', 'application', 'address', 'state', 'since', 'query', 'holds'],
  properties: {
    pid: { type: 'integer' },
    user: nullableStringSchema,
    application: nullableStringSchema,
    address: nullableStringSchema,
    state: nullableStringSchema,
    since: nullableStringSchema,
    query: nullableStringSchema,
    holds: nullableStringSchema,
  },
} as const

/** Only callers with all details get `doing`, `relation`, `statement`, `waits` and `blockers`. */
const activitySchema = {
  type: 'object',
  required: ['known', 'command', 'phase', 'percent', 'blocked'],
  properties: {
    known: { type: 'boolean' },
    command: nullableStringSchema,
    phase: nullableStringSchema,
    percent: { type: ['integer', 'null'] },
    blocked: { type: 'boolean' },
    doing: stringSchema,
    relation: nullableStringSchema,
    statement: nullableStringSchema,
    waits: nullableStringSchema,
    blockers: { type: 'array', items: blockerSchema },
  },
} as const

const migratingSchema = {
  type: 'object',
  required: ['revision', 'number', 'total', 'since'],
  properties: {
    revision: stringSchema,
    number: { type: 'integer' },
    total: { type: 'integer' },
    since: { type: 'string', format: 'date-time' },
    activity: activitySchema,
  },
} as const

/** The answer of /health/schema. */
export const documentSchema = {
  type: 'object',
  required: ['status', 'serviceId', 'notes', 'phase', 'revision', 'database', 'checks'],
  properties: {
    status: { enum: ['pass', 'warn', 'fail'] },
    version: stringSchema,
    releaseId: stringSchema,
    serviceId: stringSchema,
    notes: stringsSchema,
    phase: stringSchema,
    migrating: migratingSchema,
    refused: refusedSchema,
    revision: revisionSchema,
    verification: verificationSchema,
    database: {
      type: 'object',
      required: ['environment'],
      properties: { environment: stringSchema },
      additionalProperties: true,
    },
    checks: { type: 'object', additionalProperties: true },
  },
  additionalProperties: true,
} as const
