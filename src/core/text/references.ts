/** `${NAME}`, or `$${NAME}` for that text itself. */
const reference = /\$(\$?)\{([^}]*)\}/g

/** What a reference stands for, and where it was set; or why there is nothing, as the end of a sentence. */
export type ReferenceValue =
  | { readonly kind: 'found'; readonly text: string; readonly source: string }
  | { readonly kind: 'faulty'; readonly why: string }

/** A text without references, and what each of them was; or what is wrong with one. Never holds a value in `problem`. */
export type Expansion =
  | { readonly kind: 'expanded'; readonly text: string; readonly from: readonly string[] }
  | { readonly kind: 'faulty'; readonly problem: string }

/** Replaces the references of a text. In the user and password of a URL, values are percent-encoded. */
export function expandReferences(text: string, resolve: (name: string) => ReferenceValue): Expansion {
  const problems: string[] = []
  const from: string[] = []
  const expanded = text.replaceAll(reference, (whole: string, escape: string, name: string, at: number) => {
    if (escape !== '') return whole.slice(1)
    const found: ReferenceValue = /^[A-Za-z_]\w*$/.test(name)
      ? resolve(name)
      : { kind: 'faulty', why: 'is not the name of a setting' }
    if (found.kind === 'faulty') {
      problems.push(`refers to ${name === '' ? '${}' : name}, which ${found.why}`)
      return ''
    }
    from.push(`${name} (${found.source})`)
    return isInCredentials(text, at, whole.length) ? encodeURIComponent(found.text) : found.text
  })
  const [problem] = problems
  return problem === undefined ? { kind: 'expanded', text: expanded, from } : { kind: 'faulty', problem }
}

/** Whether a place is between the `//` and the `@` of a URL. */
function isInCredentials(text: string, at: number, length: number): boolean {
  return /^\w+:\/\/[^/@]*$/.test(text.slice(0, at)) && /^[^/]*@/.test(text.slice(at + length))
}
