/** The operator's answer for each situation that has more than one. */
export interface Policy {
  readonly onBehind: 'migrate' | 'refuse' | 'warn'
  readonly onDrift: 'refuse' | 'warn'
  readonly onAhead: 'judge' | 'warn' | 'refuse'
  readonly onUnverified: 'warn' | 'refuse'
  readonly onOutOfOrder: 'refuse' | 'migrate'
  /** Of a database that changes while an open gate serves. */
  readonly onDriftWhileServing: 'warn' | 'unready'
  /** Of pending revisions that cost others what nobody has allowed. */
  readonly onHazard: 'warn' | 'refuse' | 'allow'
  readonly refuseBy: 'exit' | 'unready'
}

/** Every situation that has a consequence. A new one does not compile until `actionBySituation` has its action. */
export type Situation =
  | 'another'
  | 'renamed'
  | 'edited'
  | 'foreign'
  | 'unmanaged'
  | 'diverged'
  | 'outOfOrder'
  | 'deleted'
  | 'ahead'
  | 'behind'
  | 'drift'
  | 'slower'
  | 'unverified'
  | 'editedInDoubt'
  | 'reordered'
  | 'reworded'
  | 'migrated'
  | 'lacksModels'
  | 'differsFromModels'
  | 'fromModels'

export type Action = 'serve' | 'warn' | 'refuse'

/** What to do, and because of which situations. The gravest comes first. */
export interface Decision {
  readonly action: Action
  readonly situations: readonly { readonly situation: Situation; readonly action: Action }[]
}
