/** The exit codes of the service and of every command. `retry` says whether running it again later can help. */
export const exitCodes = {
  0: { meaning: 'as promised', retry: null },
  1: { meaning: 'unexpected failure', retry: null },
  2: { meaning: 'wrong usage or configuration', retry: false },
  3: { meaning: 'behind head', retry: false },
  4: { meaning: 'drift, or a snapshot or types that are not those of these migrations', retry: false },
  5: { meaning: 'ahead and breaking, diverged, or a history that was changed', retry: false },
  6: { meaning: 'wrong database', retry: false },
  7: { meaning: 'a migration failed, did not do what it promised, or is half applied', retry: false },
  8: { meaning: 'database unreachable', retry: true },
  9: { meaning: 'waited too long for a lock', retry: true },
} as const

export type ExitCode = keyof typeof exitCodes
