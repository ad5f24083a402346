import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Door, Run } from './smtp-door.ts'

/** A program of docs/smtp.md. Its own words are run; only the name, the ports and the key are those of a door on this machine. */
export interface SmtpProgram {
  readonly tool: string
  /** The packages of Debian that bring the tool. */
  readonly debian: string
  /** The language of its block in the document. */
  readonly language: string
  /** What the door needs to be told for it. */
  readonly settings?: Readonly<Record<string, string>>
  /** What runs a file that has the block; `certificate` is what it has to trust. */
  readonly runs: (file: string, paths: { readonly folder: string; readonly certificate: string }) => readonly Run[]
}

export const SMTP_PROGRAMS: readonly SmtpProgram[] = [
  {
    tool: 'python3',
    debian: 'python3',
    language: 'python',
    runs: (file, { certificate }) => [
      { command: 'python3', parameters: [file], environment: { SSL_CERT_FILE: certificate } },
    ],
  },
  {
    tool: 'node',
    debian: 'nodejs',
    language: 'js',
    runs: (file, { certificate }) => [
      { command: process.execPath, parameters: [file], environment: { NODE_EXTRA_CA_CERTS: certificate } },
    ],
  },
  {
    tool: 'mcs',
    debian: 'mono-mcs mono-runtime libmono-system4.0-cil',
    language: 'csharp',
    settings: { SMTP_LISTEN_MIN_TLS: '1.0' }, // the SmtpClient of Mono speaks nothing newer, unlike that of .NET
    runs: (file, { folder, certificate }) => {
      const environment = { HOME: folder, XDG_CONFIG_HOME: folder } // Mono keeps there which certificates it trusts
      return [
        { command: 'cert-sync', parameters: ['--quiet', '--user', certificate], environment },
        { command: 'mcs', parameters: [`-out:${file}.exe`, file] },
        { command: 'mono', parameters: [`${file}.exe`], environment },
      ]
    },
  },
  {
    tool: 'javac',
    debian: 'default-jdk-headless libjakarta-mail-java',
    language: 'java',
    runs: (file, { folder, certificate }) => {
      const store = join(folder, 'trusted.p12')
      const trusted = ['-keystore', store, '-storepass', 'changeit']
      const jars = ['jakarta-mail', 'jakarta-activation'].map((name) => `/usr/share/java/${name}.jar`).join(':')
      return [
        {
          command: 'keytool',
          parameters: ['-importcert', '-noprompt', '-alias', 'door', '-file', certificate, ...trusted],
        },
        {
          command: 'java',
          parameters: [
            `-Djavax.net.ssl.trustStore=${store}`,
            '-Djavax.net.ssl.trustStorePassword=changeit',
            '-cp',
            jars,
            file,
          ],
        },
      ]
    },
  },
  {
    tool: 'msmtp',
    debian: 'msmtp',
    language: 'text',
    runs: (file, { folder, certificate }) => {
      const mail = join(folder, 'q3.eml')
      writeFileSync(mail, 'Subject: Q3\n\nThe numbers.\n')
      const parameters = [`--file=${file}`, `--tls-trust-file=${certificate}`, 'max@contoso.com']
      return [{ command: 'msmtp', parameters, input: mail }]
    },
  },
]

/** Writes the block of a program as it runs at a door. Returns its file. */
export function writeProgram(language: string, text: string, door: Door, folder: string): string {
  const file = join(folder, `Report.${language === 'js' ? 'mjs' : language}`)
  const nodemailer = createRequire(new URL('../../../apps/api/package.json', import.meta.url)).resolve('nodemailer')
  const here = text
    .replace('mail.contoso.com', 'localhost')
    .replace('587', String(door.port))
    .replace('465', String(door.tlsPort))
    .replace('/etc/mail-key', door.keyFile)
    .replace("'nodemailer'", JSON.stringify(pathToFileURL(nodemailer).href))
  writeFileSync(file, here, { mode: 0o600 })
  return file
}
