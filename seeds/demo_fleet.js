const revisions = ['20260901090000_create_songs', '20261020090000_add_tags', '20261104090000_add_ratings']
const releases = ['5f1c2aa', '9d0be41', 'd0beb8f']

/** Oldest first. `applied` and `built` count the revisions the database has and those the build has. */
const reports = [
  { hoursAgo: 50, service: 'billing', environment: 'production', status: 'pass', applied: 2, built: 2 },
  { hoursAgo: 30, service: 'songs', environment: 'production', status: 'pass', applied: 2, built: 2 },
  { hoursAgo: 26, service: 'songs', environment: 'staging', status: 'pass', applied: 2, built: 2 },
  { hoursAgo: 5, service: 'songs', environment: 'staging', status: 'warn', applied: 3, built: 2 },
  { hoursAgo: 4, service: 'billing', environment: 'staging', status: 'fail', applied: 1, built: 3 },
  { hoursAgo: 3, service: 'songs', environment: 'preview', status: 'warn', applied: 2, built: 3 },
  { hoursAgo: 2, service: 'songs', environment: 'production', status: 'pass', applied: 3, built: 3 },
  { hoursAgo: 1, service: 'songs', environment: 'production', status: 'pass', applied: 3, built: 3 },
]

/**
 * Writes the demo fleet, once: where demo rows exist it changes nothing. Rows of real instances are never touched.
 *
 * @param {import('knex').Knex} knex
 */
export async function seed(knex) {
  await knex.transaction(async (trx) => {
    const present = await trx('fleet_reports').whereLike('instance', 'demo-%').first('id')
    if (present === undefined)
      await trx('fleet_reports').insert(reports.map((report, index) => row(trx, report, index)))
  })
}

/**
 * @param {import('knex').Knex} knex
 * @param {(typeof reports)[number]} report
 * @param {number} index
 */
function row(knex, { hoursAgo, applied, built, ...report }, index) {
  return {
    ...report,
    instance: `demo-${report.service}-${index}`,
    phase: report.status === 'fail' ? 'refused' : 'serving',
    position: applied < built ? 'behind' : applied > built ? 'ahead' : 'current',
    current: revisions[applied - 1] ?? null,
    head: revisions[built - 1] ?? null,
    pending: revisions.slice(applied, built),
    unknown: revisions.slice(built, applied),
    document: JSON.stringify({ serviceId: report.service, releaseId: releases[built - 1] }),
    reported_at: knex.raw('now() - make_interval(hours => ?)', [hoursAgo]),
  }
}
