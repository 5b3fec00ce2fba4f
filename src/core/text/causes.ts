/** An error, and what caused it, and so on. */
export function causesOf(error: unknown): readonly unknown[] {
  const causes = [error]
  for (let each = error; each instanceof Error && each.cause !== undefined;) {
    each = each.cause
    if (causes.includes(each)) break
    causes.push(each)
  }
  return causes
}
