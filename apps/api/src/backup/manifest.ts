import { z } from 'zod'

/** Incremented when older versions can no longer read the file. */
export const FORMAT = 1

export const HEAD_NAME = 'inforiver-mail-backup.json'
export const MANIFEST_NAME = 'manifest.json'
export const MANIFEST_HASH_NAME = 'manifest.json.sha256'
export const KEYS_NAME = 'vault-keys'

/** The first entry. It stays as it is in every format, so that any version can tell by it whether it can read the rest. */
export const Head = z.object({
  product: z.literal('inforiver-mail'),
  format: z.int().positive(),
  version: z.string(),
  createdAt: z.iso.datetime(),
})
export type Head = z.infer<typeof Head>

const Summary = z.strictObject({
  segments: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  lines: z.int().nonnegative(),
  sha256: z.hash('sha256'),
})

/** `product`: the schema that the migrations make. `jobs`: background work of 1.5, which is passed over. */
const Table = z.strictObject({
  area: z.enum(['product', 'jobs']),
  name: z.string(),
  columns: z.array(z.string()).min(1),
  ...Summary.shape,
})
export type Table = z.infer<typeof Table>

/** A file of the simulator, by its path in there. */
const SimulatorFile = z.strictObject({
  path: z.string().regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/),
  ...Summary.shape,
})

/** Lists what the backup has to contain. Only its own checksum follows it. */
export const Manifest = z.strictObject({
  format: z.literal(FORMAT),
  version: z.string(),
  createdAt: z.iso.datetime(),
  /** Those that were applied, in order. */
  migrations: z.array(z.string()).min(1),
  /** Written by 1.5. */
  jobsVersion: z.int().nullish(),
  tables: z.array(Table),
  sequences: z.array(
    z.strictObject({ name: z.string(), lastValue: z.string().regex(/^-?\d+$/), isCalled: z.boolean() }),
  ),
  /** What the tables took in the database, with their indexes. */
  storedBytes: z.int().nonnegative(),
  /** Null where no product has been started on it. */
  installation: z
    .strictObject({
      entraTenantId: z.string(),
      entraClientId: z.string(),
      authorityHost: z.string().nullable(),
      graphBaseUrl: z.string().nullable(),
    })
    .nullable(),
  /** One value for each column and key, to tell whether the keys at hand are the right ones. */
  sealed: z.array(z.strictObject({ value: z.string(), tenant: z.string(), record: z.string(), purpose: z.string() })),
  /** The SHA-256 of the vault keys where they are inside, else null. */
  keysSha256: z.hash('sha256').nullable(),
  /** The files of the simulator in a demo; null for a product that talks to Microsoft. */
  simulator: z.array(SimulatorFile).nullable(),
})
export type Manifest = z.infer<typeof Manifest>

export function tableStream({ area = 'product', name }: Pick<Table, 'name'> & Partial<Pick<Table, 'area'>>): string {
  return `${area}/${name}`
}

export function simulatorStream(path: string): string {
  return `simulator/${path}`
}
