export const notices = {
  'notices.region': 'Notices',
} as const
