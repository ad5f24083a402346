import { execFile } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { readConfig } from '../../../apps/api/src/configuration/config.ts'
import { clientCertificate } from '../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { blocksOf } from './document-blocks.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')
const deploy = join(root, 'deploy')
/** What an operator fills in. */
const FILLED_IN = {
  AZURE_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  AZURE_CLIENT_ID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  AZURE_CLIENT_SECRET_EXPIRES: '2099-01-01',
  PUBLIC_URL: 'https://mail.contoso.com',
  WORKSPACE_ADMINS: 'ada@contoso.com',
}
const CREDENTIALS = ['', 'certificate', 'federated-token']
const KEYS = ['', 'vault-keys-command']
/** Each credential with each source of vault keys. */
const VARIANTS = CREDENTIALS.flatMap((credential) =>
  KEYS.map((keys) => [credential, keys].filter((part) => part !== '')),
)
const BLOCK_WITHIN_MS = 15 * 60_000

interface Container {
  readonly name: string
  readonly environment: Readonly<Record<string, string>>
  readonly mounts: readonly string[]
}

/** Has the product read the configuration of each container of compose.yaml, with each of its variants. */
export function checkCompose(folder: string): Promise<string> {
  const project = join(folder, 'container')
  cpSync(join(deploy, 'container'), project, { recursive: true })
  writeFileSync(join(project, '.env'), 'MAIL_HOST=mail.contoso.com\n')
  return checkVariants(folder, async (variant) => {
    const files = ['compose.yaml', ...variant.map((part) => `compose.${part}.yaml`)].flatMap((file) => ['--file', file])
    const parameters = [...files, '--profile', 'tools', 'config', '--format', 'json']
    const { stdout } = await run('docker-compose', parameters, { cwd: project })
    return containersOfCompose(JSON.parse(stdout))
  })
}

/** Does the same with base and example for Kubernetes, and each component. */
export async function checkKubernetes(folder: string): Promise<string> {
  const kubernetes = join(folder, 'kubernetes')
  cpSync(join(deploy, 'kubernetes'), kubernetes, { recursive: true })
  await run('kubectl', ['kustomize', join(kubernetes, 'base')])
  return checkVariants(folder, async (variant) => {
    const overlay = mkdtempSync(join(kubernetes, 'overlay-'))
    cpSync(join(kubernetes, 'example'), overlay, { recursive: true })
    const components = ['backup', ...variant].map((part) => `../components/${part}`)
    appendFileSync(join(overlay, 'kustomization.yaml'), `components: [${components.join(', ')}]\n`)
    return containersOfManifests((await run('kubectl', ['kustomize', overlay])).stdout)
  })
}

async function checkVariants(
  folder: string,
  containersOf: (variant: readonly string[]) => Promise<readonly Container[]>,
): Promise<string> {
  let count = 0
  for (const variant of VARIANTS) {
    const containers = await containersOf(variant)
    checkContainers(containers, folder)
    count += containers.length
  }
  return `${count} containers in ${VARIANTS.length} variants`
}

/**
 * Runs the section of docs/containers.md about Compose as written, with the release of the folder release/, and with
 * paths, ports and project of its own.
 */
export async function runCompose(folder: string, certificate: { certificate: string; key: string }): Promise<string> {
  const archive = globSync('*.tar.gz', { cwd: join(root, 'release') })[0]
  if (archive === undefined) throw new Error('There is no release in release/, which npm run release makes.')
  const unpacked = join(folder, 'unpacked')
  mkdirSync(unpacked)
  await run('tar', ['-xzf', join(root, 'release', archive), '-C', unpacked])
  const release = join(unpacked, readdirSync(unpacked)[0] ?? '')
  const service = join(folder, 'srv')
  const text = readFileSync(join(root, 'docs/containers.md'), 'utf8')
    .replaceAll('/opt/inforiver-mail\n', `${release}\n`)
    .replaceAll('/opt/inforiver-mail/deploy', `${release}/deploy`)
    .replaceAll('/srv/inforiver-mail', service)
  const blocks = blocksOf(text).filter(({ plan }) => plan.kind === 'run')
  const options = { timeout: BLOCK_WITHIN_MS, env: { ...process.env, COMPOSE_PROJECT_NAME: 'inforiver-mail-outside' } }
  try {
    for (const { plan, text: commands, line } of blocks) {
      const { stdout, stderr } = await run('sh', ['-e', '-c', commands], options)
      if (plan.kind === 'run' && plan.showing !== null && !`${stdout}${stderr}`.includes(plan.showing))
        throw new Error(`The block of line ${line} did not show "${plan.showing}": ${stdout}${stderr}`)
      if (plan.kind === 'run' && plan.setting === 'installed') fillIn(service, certificate)
    }
    return `${blocks.length} blocks`
  } finally {
    if (existsSync(service)) await run('docker', ['compose', 'down', '--volumes'], { ...options, cwd: service })
  }
}

function fillIn(service: string, { certificate, key }: { certificate: string; key: string }): void {
  for (const [name, value] of Object.entries(FILLED_IN))
    appendFileSync(join(service, 'inforiver-mail.env'), `${name}=${value}\n`)
  writeFileSync(join(service, 'secrets/certificate.pem'), readFileSync(certificate), { mode: 0o644 })
  writeFileSync(join(service, 'secrets/certificate-key.pem'), readFileSync(key), { mode: 0o644 })
  // The ports of the proxy may be taken.
  writeFileSync(join(service, 'ports.yaml'), "services: { proxy: { ports: !override ['127.0.0.1::8443'] } }\n")
  appendFileSync(join(service, '.env'), 'COMPOSE_FILE=compose.yaml:ports.yaml\n')
}

/** Reads the configuration in each container as the product would, from files in place of those that are mounted. */
function checkContainers(containers: readonly Container[], folder: string): void {
  const files = makeFiles(folder)
  for (const { name, environment, mounts } of containers) {
    const translated = Object.entries({ ...environment, ...FILLED_IN }).map(([variable, value]) => {
      if (!value.startsWith('/')) return [variable, value]
      if (!mounts.some((mount) => value === mount || value.startsWith(`${mount}/`)))
        throw new Error(`${name}: ${variable} names ${value}, where nothing is mounted.`)
      return [variable, join(files, value.replace(/^.*\//, '').replace(/\.pem$/, ''))]
    })
    const config = readConfig(Object.fromEntries(translated), files, { demo: false })
    if (config.unknownVariables.length > 0) throw new Error(`${name}: ${config.unknownVariables.join('\n')}`)
  }
}

function makeFiles(folder: string): string {
  const files = mkdtempSync(join(folder, 'files-'))
  const { certificate, privateKey } = clientCertificate()
  const token = ['{}', JSON.stringify({ exp: 4_000_000_000 }), 'signature'].map((part) =>
    Buffer.from(part).toString('base64url'),
  )
  const contents = {
    'client-certificate': `${certificate}${privateKey}`,
    'client-secret': 'a-secret',
    'database-url': 'postgresql://inforiver_mail:secret@database:5432/inforiver_mail',
    'metrics-token': 'a-token-of-prometheus',
    token: token.join('.'),
    'vault-keys': `k1:${Buffer.alloc(32).toString('base64')}`,
  }
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(files, name), content, { mode: 0o600 })
  return files
}

interface ComposeProject {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image: string
        readonly environment?: Readonly<Record<string, string | null>>
        readonly secrets?: readonly { readonly target: string }[]
        readonly volumes?: readonly { readonly target: string }[]
      }
    >
  >
}

function containersOfCompose({ services }: ComposeProject): Container[] {
  return Object.entries(services)
    .filter(([, { image }]) => image.startsWith('inforiver-mail:'))
    .map(([name, { environment = {}, secrets = [], volumes = [] }]) => ({
      name,
      environment: Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, value ?? ''])),
      mounts: [...secrets, ...volumes].map(({ target }) => target),
    }))
}

interface Pod {
  readonly containers: readonly {
    readonly name: string
    readonly env: readonly { readonly name: string; readonly value: string }[]
    readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[]
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  }[]
  readonly volumes: readonly { readonly name: string }[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly template?: { readonly spec: Pod }
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: Pod } } }
  }
}

function containersOfManifests(yaml: string): Container[] {
  const manifests = parseAllDocuments(yaml).map((document) => document.toJS() as Manifest)
  const maps = new Map(manifests.filter(({ kind }) => kind === 'ConfigMap').map((map) => [map.metadata.name, map.data]))
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const pod = spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec
    return (pod?.containers ?? []).map(({ env, envFrom, volumeMounts }) => {
      const name = `${kind} ${metadata.name}`
      const lost = volumeMounts.find((mount) => !pod?.volumes.some((volume) => volume.name === mount.name))
      if (lost) throw new Error(`${name} mounts ${lost.name}, which is no volume of it.`)
      return {
        name,
        environment: Object.fromEntries([
          ...envFrom.flatMap(({ configMapRef }) => Object.entries(maps.get(configMapRef.name) ?? {})),
          ...env.map(({ name: variable, value }) => [variable, value] as const),
        ]),
        mounts: volumeMounts.map(({ mountPath }) => mountPath),
      }
    })
  })
}
