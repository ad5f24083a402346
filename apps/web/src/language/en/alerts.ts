export const alerts = {
  'alerts.title': 'Alerts',
} as const
