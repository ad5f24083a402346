import type { TranslationOf } from '../catalogue.ts'
import type { session as english } from '../en/session.ts'

export const session: TranslationOf<typeof english> = {
  'session.sign-in': 'Mit Microsoft anmelden',
}
