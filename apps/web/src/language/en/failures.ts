export const failures = {
  'failures.retry': 'Retry',
} as const
