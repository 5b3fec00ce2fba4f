import { type Static, Type } from 'typebox'
import type { Position } from '../core/history/history.js'

const nameRules = { minLength: 1, maxLength: 200, pattern: '^[^\\p{Cc}\\p{Cs}]+$' } as const
const listLimit = 5_000
const statuses = ['pass', 'warn', 'fail'] as const
/** A new position does not compile until it is listed here. It needs a migration of the constraint of the table too. */
const positions: Readonly<Record<Position, true>> = {
  empty: true,
  unmanaged: true,
  behind: true,
  current: true,
  ahead: true,
  diverged: true,
  foreign: true,
}

const nameSchema = Type.String(nameRules)
// A union would report three errors for one faulty field.
const nullableNameSchema = Type.Unsafe<string | null>({ type: ['string', 'null'], ...nameRules })
const namesSchema = Type.Immutable(Type.Array(nameSchema, { maxItems: listLimit }))
const statusSchema = Type.Enum([...statuses])
const positionSchema = Type.Unsafe<Position | null>({ enum: [...Object.keys(positions), null] })
const detailsSchema = Type.Record(Type.String(), Type.Unknown())
const timeSchema = Type.String({ format: 'date-time' })

const revisionFields = {
  current: nullableNameSchema,
  head: nullableNameSchema,
  position: positionSchema,
  pending: namesSchema,
  unknown: namesSchema,
} as const

const healthSchema = Type.Object({
  status: statusSchema,
  phase: nameSchema,
  revision: Type.Object(revisionFields),
  releaseId: Type.Optional(nameSchema),
  serviceId: Type.Optional(nameSchema),
  version: Type.Optional(nameSchema),
  notes: Type.Optional(Type.Immutable(Type.Array(Type.String(), { maxItems: listLimit }))),
  verification: Type.Optional(detailsSchema),
  database: Type.Optional(detailsSchema),
  checks: Type.Optional(detailsSchema),
})

/** A report: who sends it, and its `/health/schema` document. Keys that are not named here are not stored. */
export const reportSchema = Type.Object({
  service: nameSchema,
  environment: nameSchema,
  instance: nameSchema,
  health: healthSchema,
})

/** The answer to a report; `reportedAt` is the time of its arrival. */
export const receiptSchema = Type.Object({ id: Type.String(), reportedAt: timeSchema })

/** The latest report of a service in an environment, and whether it is still there. */
const environmentSchema = Type.Object({
  service: nameSchema,
  environment: nameSchema,
  status: statusSchema,
  position: positionSchema,
  current: nullableNameSchema,
  head: nullableNameSchema,
  behind: Type.Integer({ minimum: 0, description: 'How many revisions are pending.' }),
  ahead: Type.Integer({ minimum: 0, description: 'How many revisions are recorded that the build lacks.' }),
  instances: Type.Integer({
    minimum: 0,
    description: 'Instances that reported in the last 24 hours and have not ended since.',
  }),
  gone: Type.Boolean({
    description: 'Whether there is no such instance. The status is then at least `warn`.',
  }),
  reportedAt: timeSchema,
  releaseId: nullableNameSchema,
})

/** One report of a history. Only callers with the token get `document`: it may name objects and databases. */
const pastReportSchema = Type.Object({
  id: Type.String(),
  instance: nameSchema,
  status: statusSchema,
  phase: nameSchema,
  ...revisionFields,
  reportedAt: timeSchema,
  releaseId: nullableNameSchema,
  document: Type.Optional(detailsSchema),
})

export const environmentsSchema = Type.Object({ environments: Type.Immutable(Type.Array(environmentSchema)) })

/** A page of a history; `next` is the cursor of the next page, null on the last page. */
export const historySchema = Type.Object({
  reports: Type.Immutable(Type.Array(pastReportSchema)),
  next: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
})

/** One environment of one service. */
export const serviceEnvironmentSchema = Type.Object({ service: nameSchema, environment: nameSchema })

/** Which page of a history: the number of reports (default 50), and the cursor that it follows. */
export const historyQuerySchema = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  after: Type.Optional(Type.String({ maxLength: 100 })),
})

export type FleetReport = Readonly<Static<typeof reportSchema>>
export type ReportReceipt = Readonly<Static<typeof receiptSchema>>
export type FleetEnvironment = Readonly<Static<typeof environmentSchema>>
export type PastReport = Readonly<Static<typeof pastReportSchema>>
export type ServiceEnvironment = Readonly<Static<typeof serviceEnvironmentSchema>>

export function isStatus(text: string): text is FleetEnvironment['status'] {
  return statuses.some((status) => status === text)
}

export function isPosition(text: string): text is Position {
  return Object.hasOwn(positions, text)
}
