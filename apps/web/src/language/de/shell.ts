import type { TranslationOf } from '../catalogue.ts'
import type { shell as english } from '../en/shell.ts'

export const shell: TranslationOf<typeof english> = {
  'shell.language': 'Sprache',
  'shell.language-failed':
    'Die Sprache konnte nicht geladen werden. Prüfen Sie die Verbindung, und versuchen Sie es erneut.',
}
