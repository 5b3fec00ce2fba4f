import type { Fault } from './fault.js'

/** What tools and other people do to a database while it is in use: no request may notice, and no service turn unready. */
export const otherPeople: readonly Fault[] = [
  {
    name: 'indexes built again concurrently, behind an old transaction',
    weight: 2,
    disturbs: 'nobody',
    inflict: async ({ ground }, later) => {
      const [old, builder] = [await ground.session('superuser'), await ground.session('superuser')]
      await old.query('begin; lock table fleet_reports in row exclusive mode')
      const built = builder.query('reindex table concurrently fleet_reports')
      later(async () => {
        await old.query('commit')
        await built
        await Promise.all([old.end(), builder.end()])
      })
    },
  },
  {
    name: 'publications of a CDC tool',
    weight: 1,
    disturbs: 'nobody',
    inflict: async ({ ground }, later) => {
      later(async () => void (await ground.query('drop publication if exists cdc_all, cdc_one')))
      await ground.query('create publication cdc_all for all tables')
      await ground.query('create publication cdc_one for table fleet_reports')
    },
  },
  {
    name: 'partitions that come and go',
    weight: 1,
    disturbs: 'nobody',
    inflict: async ({ ground }, later) => {
      later(async () => void (await ground.query('drop table if exists rotated, rotated_1')))
      await ground.query('create table rotated (day int, primary key (day)) partition by range (day)')
      for (const day of [1, 2, 3])
        await ground.query(
          `create table rotated_${day} partition of rotated for values from (${day}) to (${day + 1})`,
        )
      await ground.query('alter table rotated detach partition rotated_1')
      await ground.query('drop table rotated_2')
    },
  },
  {
    name: 'an extension that is upgraded',
    weight: 1,
    disturbs: 'nobody',
    inflict: async ({ ground }, later) => {
      later(async () => void (await ground.query('drop extension if exists citext')))
      await ground.query(`create extension citext version '1.4'`)
      await ground.query('alter extension citext update')
    },
  },
]
