export const reports = {
  'reports.title': 'Delivery reports',
} as const
