import { durationType, fileType, httpUrlType, type ConfigKey, secretType } from './value-types.js'

/** How the process ends and to whom it reports. */
export const processKeys = {
  SHUTDOWN_DELAY: {
    ...durationType,
    default: '0s',
    description: 'How long to go on serving as not ready after SIGTERM, until load balancers have noticed.',
  },
  TERMINATION_LOG: {
    ...fileType,
    default: '/dev/termination-log',
    description: 'The file that gets the reason of a refusal, where it exists; Kubernetes shows it.',
  },
  FLEET_URL: {
    ...httpUrlType,
    default: null,
    description: 'The schemagate service that is told which revision this environment is at.',
  },
  FLEET_TOKEN: {
    ...secretType,
    default: null,
    description:
      'The bearer token of the fleet: sent with reports to FLEET_URL, and asked of whoever reports to this service.',
  },
} as const satisfies Record<string, ConfigKey>
