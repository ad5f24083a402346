export const keys = {
  'keys.title': 'Service keys',
} as const
