import type { Config } from './configuration/config.ts'

type Announced = Pick<Config, 'demo' | 'graphAuth' | 'office365SmtpEnabled' | 'publicUrl' | 'redirectUri' | 'role'>

/** The text that is printed after the start: where to go, and what to do there. */
export function announcement(config: Announced): string {
  if (config.role === 'worker') return 'Inforiver Mail is running as a worker: it delivers what others submit.'
  return config.demo ? announceDemo(config, config.demo) : announceInstallation(config)
}

function announceDemo(config: Announced, { simulatorPort }: NonNullable<Config['demo']>): string {
  const steps = config.office365SmtpEnabled ? stepsToTry(config, simulatorPort) : SWITCHED_OFF
  return `Inforiver Mail is running, as a demo with a simulated Microsoft 365.

  Open ${config.publicUrl}

${steps}

  Stop with Ctrl+C. To use the real Microsoft 365, see docs/install.md.`
}

function stepsToTry({ graphAuth }: Announced, simulatorPort: number): string {
  return `  1. Sign in with Microsoft as Ada Admin, and accept.
  2. Choose Connect a mailbox, enter ada@contoso.com (or reports@contoso.com, a shared mailbox) as From Email
     Address, and choose Enable.
  3. ${WHO_CONSENTS[graphAuth]}
  4. Choose Send test mail, then read it at http://127.0.0.1:${simulatorPort}`
}

/** Application permissions can only be granted by an Entra administrator. */
const WHO_CONSENTS = {
  delegated: 'Choose Ada Admin again and accept.',
  application: 'Choose Grace Global, who is an Entra administrator, and accept.',
} as const

const SWITCHED_OFF = `  SMTP names another provider, so that no mailbox can be connected here.
  Set SMTP=Office365 and start again.`

function announceInstallation({ publicUrl, redirectUri, office365SmtpEnabled }: Announced): string {
  return `Inforiver Mail is running.

  Open ${publicUrl}

  Redirect URI to register in Entra (platform Web): ${redirectUri}
  Ready to be used: ${publicUrl}/readyz answers 200.${office365SmtpEnabled ? '' : `\n\n${NOT_SWITCHED_ON}`}`
}

const NOT_SWITCHED_ON = `  SMTP does not say Office365, so that no mailbox can be connected here.
  Set SMTP=Office365 and start again.`
