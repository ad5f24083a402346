import type { TranslationOf } from '../catalogue.ts'
import type { session as english } from '../en/session.ts'

export const session: TranslationOf<typeof english> = {
  'session.sign-in': 'Mit Microsoft anmelden',
  'session.opening': 'Inforiver Mail wird geöffnet',
  'session.lead':
    'Verbinden Sie das Microsoft-365-Postfach, von dem Inforiver seine Berichte und Benachrichtigungen sendet.',
  'session.demo':
    'Dies ist eine Demo mit einem simulierten Microsoft 365: Nichts verlässt diesen Computer. Wählen Sie auf der nächsten Seite <strong>Ada Admin</strong>. Die E-Mails kommen in den <link>simulierten Postfächern</link> an.',
  'session.demo-application':
    'Dies ist eine Demo mit einem simulierten Microsoft 365: Nichts verlässt diesen Computer. Wählen Sie auf der nächsten Seite <strong>Ada Admin</strong>, und um ein Postfach zu verbinden <strong>Grace Global</strong>, eine Entra-Administratorin. Die E-Mails kommen in den <link>simulierten Postfächern</link> an.',
  'session.member.title': 'Nur Workspace Admins können die Mandanteneinstellungen öffnen',
  'session.member.who': 'Sie sind als <strong>{name}</strong> ({email}) angemeldet und kein Workspace Admin.',
  'session.member.who-nameless': 'Sie sind als <strong>{email}</strong> angemeldet und kein Workspace Admin.',
  'session.member.ask':
    'Bitten Sie die Person, die Inforiver Mail in Ihrer Organisation betreibt, Sie zum Workspace Admin zu machen: durch die App-Rolle Workspace.Admin in Microsoft Entra oder durch Ihren Anmeldenamen in WORKSPACE_ADMINS.',
  'session.member.demo': 'In dieser Demo ist Ada Admin der Workspace Admin.',
  'session.member.other-account': 'Anderes Konto verwenden',
  'session.ended.title': 'Ihre Sitzung ist beendet',
  'session.ended.text':
    'Melden Sie sich wieder an, um dort weiterzumachen, wo Sie waren. Was Sie eingegeben haben, bleibt erhalten.',
  'session.ended.blocked':
    'Der Browser hat das Fenster für die Anmeldung blockiert. Lassen Sie Pop-ups für diese Seite zu und melden Sie sich wieder an. Dann bleibt der Dialog darunter, wie er ist.',
  'session.ended.here':
    'Oder <link>melden Sie sich hier an</link>. Dann wird der Dialog darunter geschlossen, und was Sie darin eingegeben oder bestätigt haben oder ein Geheimnis, das er zeigt, geht verloren.',
  'session.ended.again': 'Wieder anmelden',
  'session.sign-out': 'Abmelden',
  'session.sign-out-failed': 'Die Abmeldung hat nicht funktioniert. Versuchen Sie es erneut.',
}
