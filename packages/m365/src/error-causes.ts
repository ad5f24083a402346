/** The error and its causes, from the outside in. Node wraps one error for each address it tried. */
export function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = []
  for (let current = error; current instanceof Error && causes.length < 5;) {
    causes.push(current)
    current = current instanceof AggregateError && current.errors.length > 0 ? current.errors[0] : current.cause
  }
  return causes
}

/** The first that has a code, as that of the socket has. */
export function codedCause(causes: readonly Error[]): (Error & { readonly code: string }) | undefined {
  return causes.find((cause) => 'code' in cause && typeof cause.code === 'string') as Error & { readonly code: string }
}
