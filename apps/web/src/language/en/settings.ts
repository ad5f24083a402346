export const settings = {
  'settings.title': 'Tenant Settings',
} as const
