import { useState } from 'react'

/**
 * Why data is missing or stale. A query without data forgets its error on retry; this keeps it until data arrives, so that
 * the message does not flicker.
 */
export function useLoadError({ data, error }: { readonly data: unknown; readonly error: Error | null }): Error | null {
  const [kept, setKept] = useState<Error | null>(null)
  const whyNone = data === undefined ? (error ?? kept) : null
  if (whyNone !== kept) setKept(whyNone)
  return error ?? whyNone
}
