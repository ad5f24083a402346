import type { TranslationOf } from '../catalogue.ts'
import type { settings as english } from '../en/settings.ts'

export const settings: TranslationOf<typeof english> = {
  'settings.title': 'Mandanteneinstellungen',
  'settings.section': 'Office 365 SMTP',
  'settings.intro':
    'Das Microsoft-365-Postfach, von dem Inforiver seine Berichte, Benachrichtigungen und Einladungen sendet.',
  'settings.loading': 'Die Einstellungen werden gelesen',
  'settings.as-read': 'Die Seite zeigt die Einstellungen, wie sie am {time} gelesen wurden.',
  'settings.status.not-configured': 'Nicht konfiguriert',
  'settings.status.connected': 'Verbunden',
  'settings.status.reconnect-required': 'Neu verbinden',
  'settings.status.not-sending': 'Sendet nicht',
  'settings.status.sending-partly': 'Sendet teilweise',
  'settings.quota.detail': '{why} Der Versand geht ab {until} von selbst weiter.',
  'settings.quota.action':
    'Mit „Jetzt senden“ geht er früher weiter. Ist die Grenze dann noch ausgeschöpft, pausiert das Postfach erneut, doppelt so lange.',
  'settings.since': 'Seit {time}.',
  'settings.reconnect': 'Neu verbinden',
  'settings.reconnect-no-help': 'Das Postfach neu zu verbinden hilft hier nicht.',
  'settings.correlation-id': 'Korrelations-ID',

  'settings.connection': 'Verbindung',
  'settings.connection.sender': 'Absender',
  'settings.connection.mailbox': 'Postfach',
  'settings.connection.connected-as': 'Verbunden als',
  'settings.connection.person': '{name} ({email})',
  'settings.connection.since': 'Verbunden seit',
  'settings.connection.waiting': 'Wartende Nachrichten',
  'settings.connection.usage': 'Auslastung',
  'settings.connection.permissions': 'Berechtigungen',
  'settings.mailbox.own': 'Eigenes Postfach',
  'settings.mailbox.delegated': 'Delegiertes Postfach: ein freigegebenes Postfach oder eine Gruppe',
  'settings.mailbox.application': 'Mit dem Zugriff der Anwendung selbst',
  'settings.sends.own': 'Sendet als {sender}, das eigene Postfach von {person}.',
  'settings.sends.delegated': 'Sendet als {sender} mit dem Zugriff von {person}.',
  'settings.sends.application': 'Sendet als {sender} mit dem Zugriff der Anwendung selbst.',
  'settings.sends.somebody': 'der Person, die eingewilligt hat',
  'settings.sends.blocked':
    'Es wird nichts als {sender} gesendet, bis {blocker, select, reconnect {das Postfach neu verbunden ist} app {die App-Registrierung wieder funktioniert} token {Microsoft den Zugriff wieder akzeptiert} refused {Microsoft wieder E-Mails des Postfachs annimmt} other {ein Postfach verbunden ist}}.',
  'settings.waiting.to-be-sent':
    '{count, plural, one {# Nachricht wartet darauf, gesendet zu werden.} other {# Nachrichten warten darauf, gesendet zu werden.}}',
  'settings.waiting.blocked':
    '{count, plural, one {# Nachricht wartet und kann nicht hinausgehen} other {# Nachrichten warten und können nicht hinausgehen}}, bis {blocker, select, reconnect {das Postfach neu verbunden ist} app {die App-Registrierung wieder funktioniert} token {Microsoft den Zugriff wieder akzeptiert} refused {Microsoft wieder E-Mails des Postfachs annimmt} other {ein Postfach verbunden ist}}.',
  'settings.meanwhile.reconnect':
    'Nachrichten werden zurückgehalten, bis dies abgeschlossen ist. Schlägt es fehl, ändert sich nichts.',
  'settings.meanwhile.app':
    'Nachrichten werden zurückgehalten, bis die App-Registrierung wieder funktioniert. Schlägt dies fehl, ändert sich nichts.',
  'settings.meanwhile.new-sender':
    'E-Mails gehen weiter von {sender} aus, bis dies abgeschlossen ist. Schlägt es fehl, ändert sich nichts.',
  'settings.meanwhile.same-sender':
    'E-Mails gehen währenddessen weiter von {sender} aus. Schlägt es fehl, ändert sich nichts.',
  'settings.usage.unlimited': 'Nachrichten, Empfänger und Anhänge sind nicht begrenzt.',
  'settings.usage.left': 'Jetzt noch übrig: {allowances}.',
  'settings.usage.messages': '{left, number} von {limit, number} Nachrichten pro Minute',
  'settings.usage.recipients': '{left, number} von {limit, number} Empfängern pro Tag',
  'settings.usage.megabytes': '{left, number} von {limit, number} MB an Anhängen in 5 Minuten',
  'settings.usage.paused': 'Vor {time} wird nichts gesendet: {why}.',
  'settings.usage.last-leaves': 'Die letzte wartende Nachricht geht gegen {time} hinaus.',

  'settings.credential.secret': 'Geheimer Clientschlüssel',
  'settings.credential.certificate': 'Zertifikat',
  'settings.credential.federated': 'Verbundanmeldeinformation',
  'settings.credential.valid-until': 'Gültig bis {day}',
  'settings.credential.expires':
    '{kind, select, certificate {Das Zertifikat} other {Der geheime Clientschlüssel}} der App-Registrierung läuft {days, plural, one {innerhalb eines Tages} other {in # Tagen}} ab',
  'settings.credential.expired':
    '{kind, select, certificate {Das Zertifikat} other {Der geheime Clientschlüssel}} der App-Registrierung ist abgelaufen',
  'settings.credential.expires.detail':
    'Ablauf am {day}. Von da an wird nichts gesendet, und niemand kann sich anmelden.',
  'settings.credential.expired.detail':
    'Abgelaufen am {day}. Ohne Ersatz wird nichts gesendet, und niemand kann sich anmelden.',
  'settings.credential.renew.secret':
    'Eine Entra-Administratorin oder ein Entra-Administrator erstellt einen neuen geheimen Clientschlüssel (App-Registrierungen > Zertifikate & Geheimnisse); wer diese Installation betreibt, setzt AZURE_CLIENT_SECRET und AZURE_CLIENT_SECRET_EXPIRES und startet sie neu oder lädt sie neu.',
  'settings.credential.renew.certificate':
    'Eine Entra-Administratorin oder ein Entra-Administrator fügt ein neues Zertifikat hinzu (App-Registrierungen > Zertifikate & Geheimnisse); wer diese Installation betreibt, legt es dort ab, wohin AZURE_CLIENT_CERTIFICATE_PATH zeigt, und startet sie neu oder lädt sie neu.',

  'settings.sender': 'Absender',
  'settings.sender.address': 'Absenderadresse',
  'settings.sender.placeholder': 'name@domain',
  'settings.sender.hint.delegated':
    'Alle E-Mails gehen von dieser Adresse aus: Ihrem eigenen Postfach, einem freigegebenen Postfach oder einer Gruppe.',
  'settings.sender.hint.application':
    'Alle E-Mails gehen von dieser Adresse aus: dem Postfach einer Person oder einem freigegebenen Postfach.',
  'settings.sender.single': 'Einzige Absenderidentität aktivieren',
  'settings.sender.single.locked':
    'Gesperrt: Die konfigurierte Adresse ist der einzige Absender; eine Nachricht, die einen anderen verlangt, wird abgelehnt.',
  'settings.sender.large': 'Große Dateianhänge aktivieren',
  'settings.sender.large.locked': 'Gesperrt: Mail.ReadWrite ist erteilt und bleibt es bis zum Zurücksetzen.',
  'settings.sender.large.delegated':
    'Anhänge über insgesamt etwa 3 MB, bis zu je 150 MB, brauchen die Berechtigung Mail.ReadWrite. Sie gilt für das ganze Postfach der Person, die einwilligt; besser ist daher ein eigenes Konto dafür.',
  'settings.sender.large.application':
    'Anhänge über insgesamt etwa 3 MB, bis zu je 150 MB, brauchen die Berechtigung Mail.ReadWrite. Sie gilt für jedes Postfach, das die Anwendung verwenden darf; besser wird sie daher in Exchange auf dieses eine beschränkt.',
  'settings.enable': 'Aktivieren',
  'settings.plan.enter-to-enable': 'Geben Sie zum Aktivieren zuerst die Absenderadresse ein.',
  'settings.plan.correct-to-enable': 'Berichtigen Sie zum Aktivieren die Absenderadresse. {fault}',
  'settings.plan.enter-to-save':
    'Geben Sie zum Speichern eine Absenderadresse ein. Um das Postfach zu trennen, verwenden Sie „Zurücksetzen“.',
  'settings.plan.correct-to-save': 'Berichtigen Sie zum Speichern die Absenderadresse. {fault}',
  'settings.plan.nothing': 'Es hat sich nichts geändert; daher gibt es nichts zu speichern.',
  'settings.plan.configure': 'Verbindet {sender}, sobald die Einwilligung bei Microsoft abgeschlossen ist.',
  'settings.plan.update-sender':
    'Ändert den Absender in {sender}, sobald die Einwilligung bei Microsoft abgeschlossen ist.',
  'settings.plan.update-sender-large':
    'Ändert den Absender in {sender} und aktiviert große Dateianhänge, sobald die Einwilligung bei Microsoft abgeschlossen ist.',
  'settings.plan.large-attachments':
    'Aktiviert große Dateianhänge für {sender}, sobald die Einwilligung bei Microsoft abgeschlossen ist.',

  'settings.preview.asks':
    '{button, select, save {Worum „Speichern“ Microsoft bittet} other {Worum „Aktivieren“ Microsoft bittet}}',
  'settings.preview.also.delegated':
    'Außerdem darum, diese Person anzumelden und den Zugriff zu behalten, während niemand angemeldet ist (openid, profile, offline_access). Was früher erteilt wurde, fragt Microsoft nicht erneut.',
  'settings.preview.also.application':
    'Für die Anwendung selbst: Der Zugriff keiner Person wird verwendet oder behalten. Die Seite von Microsoft zeigt jede Berechtigung, die in der App-Registrierung steht.',
  'settings.preview.next': 'Wie es weitergeht',
  'settings.preview.popup':
    '{button, select, save {„Speichern“ öffnet die Seite von Microsoft in einem neuen Fenster.} other {„Aktivieren“ öffnet die Seite von Microsoft in einem neuen Fenster.}}',
  'settings.preview.account':
    'Melden Sie sich mit dem Konto an, das senden wird. Es muss nicht das Konto sein, mit dem Sie hier angemeldet sind ({admin}).',
  'settings.preview.account-shared':
    'Melden Sie sich mit dem Konto an, das senden wird. Es muss nicht das Konto sein, mit dem Sie hier angemeldet sind ({admin}). Das Konto braucht für {sender} das Recht Send As.',
  'settings.preview.entra-account':
    'Eine Entra-Administratorin oder ein Entra-Administrator wählt dort das eigene Konto und stimmt zu. Es muss nicht das Konto sein, mit dem Sie hier angemeldet sind ({admin}).',
  'settings.preview.proof': 'Eine Nachricht an {admin} zeigt dann, dass es funktioniert.',
  'settings.preview.proof-from': 'Eine Nachricht von {sender} an {admin} zeigt dann, dass es funktioniert.',
  'settings.preview.every-mailbox':
    'Wenn die Exchange-Administration sie nicht auf dieses Postfach beschränkt, darf die Anwendung jedes Postfach der Organisation verwenden. Die Installationsanleitung beschreibt, wie das geht.',
  'settings.preview.approval':
    'Möglicherweise muss eine Entra-Administratorin oder ein Entra-Administrator dies einmal für die Organisation genehmigen, auch in einem anderen Browser, unter <link>{url}</link>',
  'settings.preview.copy': 'Link kopieren',
  'settings.preview.copy-fallback': 'Markieren Sie die Adresse darüber.',

  'settings.permission': '<name>{permission}</name>: {text}',
  'settings.permission.unused': 'Eine Berechtigung, die Inforiver Mail nicht verwendet.',
  'settings.permission.Mail.Send': 'E-Mails als {person} senden.',
  'settings.permission.Mail.Send.asked': 'E-Mails als die Person senden, die einwilligt.',
  'settings.permission.Mail.Send.Shared':
    'E-Mails von den freigegebenen Postfächern und Gruppen senden, als die {person} senden darf.',
  'settings.permission.Mail.Send.Shared.asked':
    'E-Mails von den freigegebenen Postfächern und Gruppen senden, als die diese Person senden darf.',
  'settings.permission.Mail.ReadWrite':
    'Alle E-Mails im Postfach von {person} lesen und schreiben. Große Dateianhänge werden dort als Entwürfe hochgeladen.',
  'settings.permission.Mail.ReadWrite.asked':
    'Alle E-Mails im Postfach dieser Person lesen und schreiben. Große Dateianhänge werden dort als Entwürfe hochgeladen.',
  'settings.permission.Mail.ReadWrite.Shared':
    'Alle E-Mails im Postfach von {person} und in den Postfächern lesen und schreiben, auf die {person} Vollzugriff hat. Unzustellbarkeitsberichte werden dort gelesen.',
  'settings.permission.Mail.ReadWrite.Shared.asked':
    'Alle E-Mails im Postfach dieser Person und in den Postfächern lesen und schreiben, auf die sie Vollzugriff hat. Unzustellbarkeitsberichte werden dort gelesen.',
  'settings.permission.ExchangeMessageTrace.Read.All':
    'Lesen, wer in der Organisation wem E-Mails gesendet hat und was daraus wurde.',
  'settings.permission.User.Read': 'Name und Adresse von {person} lesen.',
  'settings.permission.User.Read.asked': 'Name und Adresse dieser Person lesen.',
  'settings.permission.Mail.Send.application': 'E-Mails von jedem Postfach senden, das die Anwendung verwenden darf.',
  'settings.permission.Mail.ReadWrite.application':
    'Alle E-Mails in jedem Postfach lesen und schreiben, das die Anwendung verwenden darf. Große Dateianhänge werden dort als Entwürfe hochgeladen und Unzustellbarkeitsberichte gelesen.',

  'settings.reset': 'Zurücksetzen',
  'settings.reset.title': 'Office 365 SMTP zurücksetzen?',
  'settings.reset.deletes': 'Die Token und die Einstellungen, auch die Absenderadresse, werden hier gelöscht.',
  'settings.reset.nothing-waits':
    'Es warten keine Nachrichten. Nachrichten, die nach dem Zurücksetzen eingereicht werden, werden zurückgehalten, bis wieder ein Postfach verbunden ist.',
  'settings.reset.waiting':
    '{count, plural, one {# Nachricht wartet und kann nicht hinausgehen} other {# Nachrichten warten und können nicht hinausgehen}}, bis wieder ein Postfach verbunden ist. Keine geht verloren.',
  'settings.reset.consents': 'Ausstehende Einwilligungen werden abgebrochen.',
  'settings.reset.on-the-wire':
    'Eine Nachricht, die Microsoft in diesem Moment empfängt, kann nicht zurückgeholt werden: Das Zurücksetzen wartet darauf, höchstens zehn Sekunden.',
  'settings.reset.entra':
    'Die Einwilligung bei Microsoft selbst bleibt bestehen. Widerrufen wird sie in Entra unter Unternehmensanwendungen > Berechtigungen.',
  'settings.reset.done': 'Zurückgesetzt',
  'settings.reset.done.text': 'Die Token und Einstellungen sind gelöscht. Es ist kein Postfach verbunden.',
  'settings.on-the-wire':
    '{count, plural, one {# Nachricht war bereits auf dem Weg zu Microsoft und konnte nicht zurückgeholt werden: Sie ist möglicherweise von {sender} ausgegangen.} other {# Nachrichten waren bereits auf dem Weg zu Microsoft und konnten nicht zurückgeholt werden: Sie sind möglicherweise von {sender} ausgegangen.}}',
  'settings.on-the-wire.old-sender':
    '{count, plural, one {# Nachricht war bereits auf dem Weg zu Microsoft und konnte nicht zurückgeholt werden: Sie ist möglicherweise vom alten Absender ausgegangen.} other {# Nachrichten waren bereits auf dem Weg zu Microsoft und konnten nicht zurückgeholt werden: Sie sind möglicherweise vom alten Absender ausgegangen.}}',

  'settings.consent.waiting.configure': 'Warten auf die Einwilligung bei Microsoft, E-Mails von {sender} zu senden',
  'settings.consent.waiting.update-sender':
    'Warten auf die Einwilligung bei Microsoft, E-Mails künftig von {sender} zu senden',
  'settings.consent.waiting.large-attachments':
    'Warten auf die Einwilligung bei Microsoft, große Dateianhänge für {sender} zu aktivieren',
  'settings.consent.waiting.reconnect': 'Warten auf die Einwilligung bei Microsoft, {sender} neu zu verbinden',
  'settings.consent.waiting.delivery-reports':
    'Warten auf die Einwilligung bei Microsoft, Zustellberichte für {sender} zu lesen',
  'settings.consent.window.title': 'Microsoft 365',
  'settings.consent.window.opening': 'Die Seite von Microsoft wird geöffnet …',
  'settings.consent.give': 'Geben Sie die Einwilligung im Fenster von Microsoft.',
  'settings.consent.checking': 'Microsoft hat geantwortet. Der Zugriff wird geprüft.',
  'settings.consent.elsewhere':
    'Sie wurde in einem anderen Browser oder von einer anderen Person gestartet, und die Seite von Microsoft lässt sich nur dort öffnen.',
  'settings.consent.expires-now': 'Die Einwilligung läuft gleich ab.',
  'settings.consent.expires-soon': 'Die Einwilligung läuft in weniger als einer Minute ab.',
  'settings.consent.expires-in':
    'Die Einwilligung läuft in etwa {minutes, plural, =1 {einer Minute} other {# Minuten}} ab.',
  'settings.consent.open-again': 'Seite von Microsoft erneut öffnen',
  'settings.consent.cancel': 'Abbrechen',
  'settings.consent.reading': 'Es wird gelesen, was aus der Einwilligung wurde',
  'settings.consent.unknown.title': 'Die Einwilligung ist nicht mehr bekannt',
  'settings.consent.unknown.text': 'Die Seite zeigt die Einstellungen, wie sie sind.',
  'settings.consent.try-again': 'Erneut versuchen',
  'settings.consent.choose-account': 'Anderes Konto wählen',
  'settings.consent.nothing-changed': 'Es wurde nichts geändert.',
  'settings.consent.configure.title': 'Verbunden',
  'settings.consent.configure.detail': 'E-Mails gehen von {sender} aus.',
  'settings.consent.configure.detail-large': 'E-Mails gehen von {sender} aus. Große Dateianhänge sind aktiviert.',
  'settings.consent.update-sender.title': 'Absender geändert',
  'settings.consent.update-sender.detail': 'E-Mails gehen jetzt von {sender} aus.',
  'settings.consent.large-attachments.title': 'Große Dateianhänge aktiviert',
  'settings.consent.large-attachments.detail': '{sender} kann jetzt große Dateien senden.',
  'settings.consent.reconnect.title': 'Neu verbunden',
  'settings.consent.reconnect.detail': 'E-Mails gehen wieder von {sender} aus.',
  'settings.consent.delivery-reports.title': 'Zustellberichte eingeschaltet',
  'settings.consent.delivery-reports.detail': 'Was aus den E-Mails von {sender} wird, wird von jetzt an gelesen.',
  'settings.consent.changed-since.title': 'Die Einstellungen haben sich seitdem geändert',
  'settings.consent.changed-since.detail':
    'Die Einwilligung bei Microsoft wurde abgeschlossen, aber die Einstellungen wurden danach geändert. Die Seite zeigt sie, wie sie jetzt sind.',
  'settings.consent.expired.title': 'Die Zeit bei Microsoft ist abgelaufen',
  'settings.consent.expired.detail':
    'Die Einwilligung wurde nicht innerhalb von zehn Minuten gegeben. {partly, select, yes {Nur was vorher gewährt wurde, ist eingeschaltet.} other {Es wurde nichts geändert.}}',
  'settings.consent.cancelled.title': 'Abgebrochen',
  'settings.consent.cancelled.detail':
    'Die Einwilligung wurde hier abgebrochen. {partly, select, yes {Nur was vorher gewährt wurde, ist eingeschaltet.} other {Es wurde nichts geändert.}}',
  'settings.consent.cancelled-at-microsoft':
    'Sie haben bei Microsoft abgebrochen. {partly, select, yes {Nur was vorher gewährt wurde, ist eingeschaltet.} other {Es wurde nichts geändert.}}',
  'settings.consent.cancelled-at-microsoft.elsewhere':
    'Die Einwilligung wurde bei Microsoft abgebrochen. {partly, select, yes {Nur was vorher gewährt wurde, ist eingeschaltet.} other {Es wurde nichts geändert.}}',
  'settings.consent.superseded.title': 'Von einer anderen Änderung überholt',
  'settings.consent.superseded.detail':
    'Die Einstellungen wurden geändert oder zurückgesetzt, bevor die Einwilligung abgeschlossen war; sie zählt daher nicht mehr. Wenn sie noch gewünscht ist, starten Sie sie erneut.',
  'settings.consent.failed.title': 'Die Einwilligung ist fehlgeschlagen',
  'settings.consent.failed.detail': 'Die Einwilligung wurde nicht abgeschlossen. Es wurde nichts geändert.',
  'settings.consent.pending.title': 'Warten auf Microsoft',
  'settings.consent.other-account':
    'Eingewilligt hat {account}, und die Absenderadresse ist {sender}: {account} sendet dafür und braucht dort das Recht Send As.',
  'settings.consent.other-account-failed': 'Eingewilligt hat {account}, und die Absenderadresse ist {sender}.',
}
