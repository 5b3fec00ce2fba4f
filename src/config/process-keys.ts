import { durationType, fileType, httpUrlType, type ConfigKey, secretType } from './value-types.js'

/** How the process ends and to whom it reports. */
export const processKeys = {
  SHUTDOWN_DELAY: {
    ...durationType,
    default: '0s',
    description:
      'How long the service still serves after SIGTERM, as not ready, so that load balancers notice.',
  },
  TERMINATION_LOG: {
    ...fileType,
    default: '/dev/termination-log',
    description: 'The file that the reason of a refusal is written to, if it exists. Kubernetes shows it.',
  },
  FLEET_URL: {
    ...httpUrlType,
    default: null,
    description: 'The schemagate service to which this process reports the revision of its database.',
  },
  FLEET_TOKEN: {
    ...secretType,
    default: null,
    description:
      'The bearer token of the fleet: sent with reports to FLEET_URL, and required of reports to this service.',
  },
} as const satisfies Record<string, ConfigKey>
