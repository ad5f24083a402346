export const shell = {
  'shell.language': 'Language',
  'shell.language-failed': 'The language could not be loaded. Check the connection and try again.',
} as const
