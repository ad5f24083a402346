const FORMATS = {
  long: new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' }),
  short: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }),
  seconds: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }),
} as const

/** Shows a moment in the reader's time zone. */
export function LocalTime({ at, format = 'long' }: { at: string; format?: keyof typeof FORMATS }) {
  return <time dateTime={at}>{FORMATS[format].format(Date.parse(at))}</time>
}
