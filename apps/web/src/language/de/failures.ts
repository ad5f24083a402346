import type { TranslationOf } from '../catalogue.ts'
import type { failures as english } from '../en/failures.ts'

export const failures: TranslationOf<typeof english> = {
  'failures.page.title': 'Auf dieser Seite ist ein Fehler aufgetreten',
  'failures.page': 'Laden Sie die Seite neu.',
  'failures.no-answer.unreachable.title': 'Der Server ist nicht erreichbar',
  'failures.no-answer.unreachable':
    'Es kam keine Antwort. Prüfen Sie die Netzwerkverbindung und ob Inforiver Mail läuft, und versuchen Sie es erneut.',
  'failures.no-answer.unavailable.title': 'Der Server ist zurzeit nicht verfügbar',
  'failures.no-answer.unavailable':
    'Möglicherweise startet er gerade oder wird gewartet. Versuchen Sie es in Kürze erneut.',
  'failures.unreadable.title': 'Der Server hat unerwartet geantwortet',
  'failures.unreadable':
    'Die Antwort (Status {status}) konnte nicht gelesen werden. Möglicherweise ist die Seite älter als der Server: Versuchen Sie es erneut, und laden Sie dann die Seite neu.',
}
