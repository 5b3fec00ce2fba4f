import { account, type Evidence } from './books.js'
import { quantile, trendOf } from './meters.js'

/** The figures of a soak, for a table and for --json. */
export function figuresOf(evidence: Evidence, counts: Readonly<Record<'reports' | 'lists', number>>) {
  const { faults, pasts, probes, samples, connections, failures } = evidence
  const { acknowledged, lost, duplicates, strange, unheard } = account(evidence)
  const names = [...new Set(faults.map(({ name }) => name))].toSorted()
  return {
    starts: pasts.length,
    kills: pasts.filter(({ asked }) => asked === 'SIGKILL').length,
    faults: names.map((name) => {
      const recoveries = faults.filter((fault) => fault.name === name).map(({ recovery }) => recovery)
      return { name, times: recoveries.length, recovery: quantile(recoveries, 1) }
    }),
    requests: { ...counts, failed: failures.length },
    reports: {
      acknowledged,
      lost: lost.length,
      duplicates: duplicates.length,
      strange: strange.length,
      unheard,
    },
    probes: {
      answered: probes.times.length,
      wrong: probes.wrong.length,
      p99: quantile(probes.times, 0.99),
      max: quantile(probes.times, 1),
    },
    memory: trendOf(samples.map((sample) => sample.memory)),
    files: trendOf(samples.map((sample) => sample.files)),
    connections,
  }
}

export type Figures = ReturnType<typeof figuresOf>

/** The figures as people read them. */
export function table(figures: Figures): string {
  const { faults, requests, reports, probes, memory, files, connections } = figures
  const total = faults.reduce((sum, { times }) => sum + times, 0)
  return [
    row('processes', `${figures.starts} started, ${figures.kills} killed`),
    row('faults', `${total}, and the longest time until all was as before`),
    ...faults.map(({ name, times, recovery }) =>
      row(`  ${name}`, `${times}`.padStart(4) + milliseconds(recovery)),
    ),
    row(
      'requests',
      `${whole(requests.reports)} reports, ${whole(requests.lists)} lists; ${whole(requests.failed)} failed during faults`,
    ),
    row('acknowledged', whole(reports.acknowledged)),
    row('  lost', whole(reports.lost)),
    row('  stored twice', whole(reports.duplicates)),
    row('  never sent so', whole(reports.strange)),
    row('stored, not heard of', whole(reports.unheard)),
    row(
      'probes',
      `${whole(probes.answered)}, ${probes.wrong} wrong;${milliseconds(probes.p99)} for 99 %,${milliseconds(probes.max)} at most`,
    ),
    row(
      'memory',
      memory === null
        ? 'not measured'
        : `${memory.first.toFixed(1)} MB, at the end ${memory.last.toFixed(1)} MB`,
    ),
    row('open files', files === null ? 'not measured' : `${files.first}, at the end ${files.last}`),
    row('connections', `${connections.most} at most of one process; ${connections.left} left at the end`),
  ].join('\n')
}

function row(name: string, text: string): string {
  return `${name.padEnd(40)}${text}`
}

function whole(number: number): string {
  return number.toLocaleString('en')
}

function milliseconds(time: number): string {
  return `${whole(Math.round(time))} ms`.padStart(11)
}
