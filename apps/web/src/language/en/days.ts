/** A period of days, for filters. */
export const days = {
  'days.backwards': 'This is before From.',
  'days.from': 'From',
  'days.to': 'To',
} as const
