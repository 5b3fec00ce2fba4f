import { type ImpactRule, type FactChange, type KindRules } from './rule.js'

const otherSetting: ImpactRule<FactChange> = [
  'weakens',
  'sessions run with a different setting than promised',
]

/** Of a database or a role. Nobody promised what a provider has set: only what a migration set is compared. */
export const settingRules: KindRules = {
  missing: ['weakens', 'sessions run without a setting that was promised'],
  unexpected: ['harmless', 'nobody promised that it is not set'],
  changed: { value: otherSetting },
}

export const roleSettingRules: KindRules = {
  ...settingRules,
  changed: { inAllDatabases: otherSetting, inThisDatabase: otherSetting },
}
