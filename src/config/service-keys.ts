import { hostname } from 'node:os'
import {
  type ConfigKey,
  labelType,
  listeningPortType,
  enumType,
  secretType,
  targetType,
  stringType,
} from './value-types.js'

/** The name of the process and how it is reached. */
export const serviceKeys = {
  NODE_ENV: {
    ...stringType,
    default: 'development',
    description:
      'With `production`, env/.env is not read, a database must be configured, and health hides details.',
  },
  ENV_TARGET: {
    ...targetType,
    default: 'development',
    defaultNote: 'NODE_ENV, else development',
    description:
      'The environment this process belongs to: it chooses config/{ENV_TARGET}.json and env/.env.{ENV_TARGET}.',
  },
  SERVICE_NAME: {
    ...labelType,
    default: 'service',
    defaultNote: 'the name in package.json',
    description: 'The name of this service, in logs, in health and for the fleet.',
  },
  SERVICE_VERSION: {
    ...labelType,
    default: null,
    defaultNote: 'the version in package.json',
    description: 'The version of this service, in health.',
  },
  RELEASE: {
    ...labelType,
    default: null,
    defaultNote: "the platform's commit, such as GIT_SHA or RAILWAY_GIT_COMMIT_SHA",
    description: 'The build that runs, usually a commit.',
  },
  INSTANCE: {
    ...labelType,
    default: hostname(),
    defaultNote: "the platform's replica, such as DYNO, else the host name",
    description: 'The name of this replica.',
  },
  HOST: {
    ...stringType,
    default: '::',
    defaultNote: '`::`, or `0.0.0.0` where the system has no IPv6',
    description: 'The address the service listens on.',
  },
  PORT: {
    ...listeningPortType,
    default: '8000',
    description: 'The port the service listens on, once the gate is open.',
  },
  HEALTH_PORT: {
    ...listeningPortType,
    default: null,
    description: 'A second port that serves only the health routes, from the first moment.',
  },
  HEALTH_TOKEN: {
    ...secretType,
    default: null,
    description: 'The bearer token that shows object names and the database address in /health/schema.',
  },
  HEALTH_DETAILS: {
    ...enumType('token', 'always'),
    default: 'token',
    defaultNote: 'token in production, else always',
    description:
      'Who sees object names and the database address: `token` for callers with HEALTH_TOKEN, `always` for everyone.',
  },
  LOG_LEVEL: {
    ...enumType('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    description: 'The lowest level that is logged.',
  },
} as const satisfies Record<string, ConfigKey>
