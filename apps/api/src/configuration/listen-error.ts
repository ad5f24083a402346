import { ConfigurationError, type Config } from './config.ts'

/** Turns the refusal of an address or a port into a sentence that names the variable; returns other errors as they are. */
export function explainListenError(error: unknown, { host, port, smtpDoor }: Config): unknown {
  const { code, port: refusedPort } = error as NodeJS.ErrnoException & { readonly port?: number }
  const [name, taken, hostName, takenHost] = (
    [
      ['SMTP_LISTEN_PORT', smtpDoor?.port, 'SMTP_LISTEN_HOST', smtpDoor?.host],
      ['SMTP_LISTEN_TLS_PORT', smtpDoor?.tlsPort, 'SMTP_LISTEN_HOST', smtpDoor?.host],
    ] as const
  ).find(([, its]) => its === refusedPort && refusedPort !== undefined) ?? ['PORT', port, 'HOST', host]
  switch (code) {
    case 'EADDRINUSE':
      return new ConfigurationError(
        `Port ${taken} is taken by another program, or by another Inforiver Mail. Stop that, or set ${name} to a free one.`,
      )
    case 'EACCES':
      return new ConfigurationError(`This account may not listen on port ${taken}. Set ${name} to one above 1023.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError(`${hostName} is ${takenHost}, which is not an address of this machine.`)
    default:
      return error
  }
}
