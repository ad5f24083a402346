const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' })

/** A moment as date and time of the reader. */
export function LocalTime({ at }: { at: string }) {
  return <time dateTime={at}>{format.format(Date.parse(at))}</time>
}
