import { type Assessment, findingsOf } from '../../core/history/decision.js'
import { describeHistoryChange, type HistoryChange } from '../../core/history/file-changes.js'
import { type Situation } from '../../core/history/policy.js'
import type { Finding } from '../../core/impact/assess-impact.js'
import { shortenList } from '../../core/text/format.js'
import type { ErrorChoice, ErrorCode, ErrorFact } from '../../errors/schema-error.js'
import {
  differenceFacts,
  seriousFindings,
  inlineList,
  revisionFacts,
  type SituationText,
} from './describe.js'

type FileChangeSituation = Extract<
  Situation,
  'renamed' | 'edited' | 'editedInDoubt' | 'reworded' | 'deleted' | 'reordered' | 'outOfOrder'
>

interface FileChangeCase {
  readonly code?: ErrorCode
  readonly covers: (found: HistoryChange) => boolean
  /** After the number: for one, and for several. */
  readonly what: readonly [one: string, several: string]
  /** What the catalog was found to be. */
  readonly verdicts?: readonly [harmless: string, breaking: string]
  /** The differences that are evidence of it. */
  readonly findings?: (assessment: Assessment) => readonly Finding[]
  readonly choices: (found: readonly HistoryChange[], assessment: Assessment) => readonly ErrorChoice[]
}

const restoreFileChoice: ErrorChoice = [
  'restore the file',
  'as it was when it was applied; what it should do now is a new migration',
]

function recordTextChoice({ history }: Assessment): ErrorChoice {
  return [
    `schemagate stamp ${history.applied.at(-1)}`,
    'puts the text as it is on record, if the database is what it promises now',
  ]
}

const fileChangeCases: Readonly<Record<FileChangeSituation, FileChangeCase>> = {
  renamed: {
    covers: ({ what }) => what === 'renamed',
    what: [
      'recorded revision has another name in this build',
      'recorded revisions have other names in this build',
    ],
    choices: (found) => [
      ['rename the file back', 'to what is recorded; then schemagate snapshot'],
      ...found.flatMap((each): readonly ErrorChoice[] =>
        each.what === 'renamed' ? [['record its new name', each.remedy]] : [],
      ),
    ],
  },
  edited: {
    covers: (found) => found.what === 'edited' && found.change === 'another',
    what: [
      'applied migration was edited, and its change to the catalog is another now',
      'applied migrations were edited, and their changes to the catalog are others now',
    ],
    findings: findingsOf,
    choices: (_, assessment) => [
      restoreFileChoice,
      recordTextChoice(assessment),
      ['schemagate down --to REVISION', 'with the file as it was, then migrate: where rows may be lost'],
    ],
  },
  editedInDoubt: {
    covers: (found) => found.what === 'edited' && found.change === 'unknown',
    what: [
      'applied migration was edited; what it changed then is not on record',
      'applied migrations were edited; what they changed then is not on record',
    ],
    choices: (_, assessment) => [restoreFileChoice, recordTextChoice(assessment)],
  },
  reworded: {
    covers: (found) => found.what === 'edited' && found.change === 'same',
    what: [
      'applied migration was edited; its change to the catalog is the same',
      'applied migrations were edited; their changes to the catalog are the same',
    ],
    choices: (_, assessment) => [restoreFileChoice, recordTextChoice(assessment)],
  },
  deleted: {
    covers: ({ what }) => what === 'deleted',
    what: [
      'recorded revision is not in this build, which has later ones',
      'recorded revisions are not in this build, which has later ones',
    ],
    verdicts: ['Nothing known breaks this build.', 'The catalog breaks this build.'],
    findings: seriousFindings,
    choices: (_, { history }) => [
      ['restore the file', 'and write a migration that undoes it, if it is not to be'],
      [
        `schemagate stamp ${history.applied.at(-1)} --forget`,
        'no longer records it, once what it made is gone',
      ],
      ['ON_AHEAD=warn', 'start anyway'],
    ],
  },
  reordered: {
    covers: ({ what }) => what === 'reordered',
    what: [
      'revision was recorded after later ones of this build',
      'revisions were recorded after later ones of this build',
    ],
    choices: () => [
      [
        'ON_OUT_OF_ORDER=migrate',
        'says that this is meant: a new database gets them in the order of the folder',
      ],
    ],
  },
  outOfOrder: {
    code: 'SCHEMA_OUT_OF_ORDER',
    covers: ({ what }) => what === 'out of order',
    what: [
      'pending revision comes before one that is applied',
      'pending revisions come before one that is applied',
    ],
    choices: (_, { history }) => [
      ['rename the file', `so that it comes after ${history.applied.at(-1)}; then schemagate snapshot`],
      ['ON_OUT_OF_ORDER=migrate', 'applies it all the same, after those that are applied'],
    ],
  },
}

/** The words on a migrations folder that is not the one whose revisions were recorded. */
export const fileChangeTexts: Readonly<Record<FileChangeSituation, SituationText>> = {
  renamed: textForChange(fileChangeCases.renamed),
  edited: textForChange(fileChangeCases.edited),
  editedInDoubt: textForChange(fileChangeCases.editedInDoubt),
  reworded: textForChange(fileChangeCases.reworded),
  deleted: textForChange(fileChangeCases.deleted),
  reordered: textForChange(fileChangeCases.reordered),
  outOfOrder: textForChange(fileChangeCases.outOfOrder),
}

function textForChange({
  code = 'SCHEMA_HISTORY_CHANGED',
  covers,
  what,
  verdicts,
  findings,
  choices,
}: FileChangeCase): SituationText {
  const foundIn = ({ changed }: Assessment): readonly HistoryChange[] => changed.filter(covers)
  const head = (assessment: Assessment): string => {
    const number = foundIn(assessment).length
    return `${number} ${what[number === 1 ? 0 : 1]}`
  }
  const verdict = (assessment: Assessment): readonly string[] =>
    verdicts === undefined || assessment.verification.status === 'unverified'
      ? []
      : [verdicts[seriousFindings(assessment).length === 0 ? 0 : 1]]
  return {
    code,
    what: (assessment) => [`${head(assessment)}.`, ...verdict(assessment)].join(' '),
    line: (assessment) => {
      const list = inlineList(foundIn(assessment).map(nameChange))
      return [`${head(assessment)}: ${list}.`, ...verdict(assessment)].join(' ')
    },
    facts: (assessment): readonly ErrorFact[] => [
      ...revisionFacts(assessment),
      ['changed', shortenList(foundIn(assessment).map(describeHistoryChange))],
      ...differenceFacts(findings?.(assessment) ?? []),
    ],
    choices: (assessment) => choices(foundIn(assessment), assessment),
  }
}

function nameChange(found: HistoryChange): string {
  return found.what === 'renamed' ? `${found.revision} is ${found.to}` : found.revision
}
