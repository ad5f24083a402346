import { useState } from 'react'

/**
 * Why there is no data, or why what is there could not be read again. Without data, a query forgets its error whenever it
 * is tried again: here it stays until there is data, so that what says so does not come and go.
 */
export function useLoadError({ data, error }: { readonly data: unknown; readonly error: Error | null }): Error | null {
  const [kept, setKept] = useState<Error | null>(null)
  const whyNone = data === undefined ? (error ?? kept) : null
  if (whyNone !== kept) setKept(whyNone)
  return error ?? whyNone
}
