export const failures = {
  'failures.page.title': 'Something went wrong in this page',
  'failures.page': 'Reload the page.',
  'failures.no-answer.unreachable.title': 'The server cannot be reached',
  'failures.no-answer.unreachable':
    'No answer came. Check the network connection, or whether Inforiver Mail is running, and try again.',
  'failures.no-answer.unavailable.title': 'The server is not available at the moment',
  'failures.no-answer.unavailable': 'It may be starting or under maintenance. Try again shortly.',
  'failures.unreadable.title': 'The server gave an unexpected answer',
  'failures.unreadable':
    'The answer (status {status}) could not be read. The page may be older than the server: try again, then reload the page.',
} as const
