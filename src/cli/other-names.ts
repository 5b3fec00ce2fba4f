import { nearestName } from '../core/text/nearest.js'

/** What other tools call their commands, and what does the same here. */
const namesElsewhere: Readonly<Record<string, readonly [command: string, does: string]>> = {
  current: ['status', 'shows at which revision the database is'],
  list: ['history', 'lists the revisions with what happened to them'],
  log: ['history', 'lists the revisions with what happened to them'],
  latest: ['migrate', 'applies the pending revisions'],
  up: ['migrate', 'applies the pending revisions; --to REVISION stops there'],
  upgrade: ['migrate', 'applies the pending revisions; --to REVISION stops there'],
  deploy: ['migrate', 'applies the pending revisions'],
  'db:migrate': ['migrate', 'applies the pending revisions'],
  'migrate:latest': ['migrate', 'applies the pending revisions'],
  'migrate:up': ['migrate', 'applies the pending revisions; --to REVISION stops there'],
  downgrade: ['down', 'reverts the newest revision; --to REVISION reverts all that are newer'],
  rollback: ['down', 'reverts the newest revision; --to REVISION reverts all that are newer'],
  'db:rollback': ['down', 'reverts the newest revision; --to REVISION reverts all that are newer'],
  'migrate:rollback': ['down', 'reverts the newest revision; --to REVISION reverts all that are newer'],
  'migrate:down': ['down', 'reverts the newest revision; --to REVISION reverts all that are newer'],
  'migrate:list': ['status', 'shows the applied and the pending revisions'],
  'migrate:status': ['status', 'shows the applied and the pending revisions'],
  'migrate:currentVersion': ['status', 'shows at which revision the database is'],
  'migrate:make': ['new NAME', 'writes a migration'],
  'migrate:unlock': ['repair', 'frees a lock that a killed process left'],
}

/** The command that is meant by a name that is none: that of another tool, or a mistyped one; null where nothing is close. */
export function meantCommand(
  name: string,
  commands: readonly string[],
): readonly [command: string, does: string] | null {
  const elsewhere = Object.hasOwn(namesElsewhere, name) ? namesElsewhere[name] : undefined
  if (elsewhere !== undefined) return elsewhere
  const near = nearestName(name, commands)
  return near === undefined ? null : [near, 'if that is meant']
}
