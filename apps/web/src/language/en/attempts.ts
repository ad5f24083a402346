export const attempts = {
  'attempts.title': 'Attempts',
} as const
