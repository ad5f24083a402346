export const reports = {
  'reports.title': 'Delivery reports',
  'reports.intro':
    'Sent means that Microsoft took a message. Whether it arrived, Microsoft tells afterwards, for each recipient. Both sources are off until you switch them on, and each is read once before it is: no message is sent.',
  'reports.both': 'Switch both on',
  'reports.switching': 'Switching…',
  'reports.bounces': 'Bounces',
  'reports.bounces.reads':
    'Reads non-delivery reports in {mailbox, select, delegated {the inboxes of {sender} and {delegate}} other {the inbox of {sender}}}. Of other mail only id, sender, class and time are listed. Nothing is stored of it, changed or deleted.',
  'reports.bounces.needs':
    '{mailbox, select, own {Needs <permission>Mail.ReadWrite</permission> of {delegate}, who gives consent; an Entra administrator may have to approve it once.} application {Needs the application permission <permission>Mail.ReadWrite</permission>, which an Entra administrator approves.} other {Needs <permission>Mail.ReadWrite.Shared</permission> of {delegate}, who gives consent, and Full Access to {sender}; an Entra administrator may have to approve the permission once. A group has no inbox.}}',
  'reports.bounces.available': 'What it needs is granted already.',
  'reports.trace': 'Message trace',
  'reports.trace.reads':
    'Asks Exchange what became of each message: delivered, failed, quarantined or handed to a list. It reads who sent what to whom, and no contents.',
  'reports.trace.needs':
    'Needs the application permission <permission>ExchangeMessageTrace.Read.All</permission>, which an Entra administrator approves once, and the service principal of Microsoft’s message trace. Microsoft offers it in its global cloud only.',
  'reports.problem.permission-missing': 'A permission is missing',
  'reports.problem.trace-not-provisioned': 'Microsoft’s message trace is not set up in your organisation',
  'reports.problem.trace-unavailable': 'Microsoft’s message trace does not answer',
  'reports.problem.reports-unreadable': 'The inbox cannot be read',
  'reports.remedy.permission-missing':
    'Switch it off and on again: Microsoft is then asked for the permission. Where it offers no choice, an Entra administrator approves it in the Microsoft Entra admin center (https://entra.microsoft.com) > Enterprise applications > the app of Inforiver Mail > Permissions.',
  'reports.remedy.trace-not-provisioned':
    'An Entra administrator runs this once in Microsoft Graph PowerShell (https://learn.microsoft.com/graph/api/resources/exchangemessagetrace), and it takes hours to work: New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373',
  'reports.remedy.trace-unavailable':
    'Nobody has to do anything but wait: Microsoft is busy, was asked too often, or a permission is still fresh. Outside of the global cloud there is no message trace. Whether Microsoft has an outage is shown at https://status.cloud.microsoft.',
  'reports.remedy.reports-unreadable':
    'An Exchange administrator gives the account that sends Full Access to {sender}, in the Exchange admin center (https://admin.exchange.microsoft.com) > Recipients > Mailboxes > Delegation; it can take an hour to work. If the connection itself is lost, reconnect first.',
  'reports.remedy.no-inbox':
    '{sender} has no inbox: it is a group, or a mailbox that is not in the cloud. Switch bounces off, and the message trace on, which needs no inbox.',
  'reports.problem.since': 'Since {at}.',
  'reports.problem.stays-off': 'Nothing was switched on.',
} as const
