export const checks = {
  'checks.title': 'Set-up check',
} as const
