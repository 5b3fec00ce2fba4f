/** Whether git has left two versions in a text. */
export function hasConflictMarkers(text: string): boolean {
  return /^<{7} /m.test(text) && /^>{7} /m.test(text)
}

/** The two versions of a text in which git has left both, whatever `merge.conflictStyle` is. */
export function conflictingVersions(text: string): readonly [ours: string, theirs: string] {
  const withoutBase = text.replaceAll(/^\|{7}[^]*?(?=^={7}\r?$)/gm, '')
  const conflict = /^<{7} .*\n([^]*?)^={7}\r?\n([^]*?)^>{7} .*(?:\n|$)/gm
  return [withoutBase.replaceAll(conflict, '$1'), withoutBase.replaceAll(conflict, '$2')]
}
