import type { KindRules } from './rule.js'

/** Of a database, or of a role in it. A provider makes its own: only what a migration has set is compared. */
export const settingRules: KindRules = {
  missing: ['weakens', 'sessions run without a setting that was promised'],
  unexpected: ['harmless', 'nobody promised that it is not set'],
  changed: { value: ['weakens', 'sessions run with a different setting than promised'] },
}
