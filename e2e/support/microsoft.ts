import type { Page } from '@playwright/test'

export type Account =
  | 'Ada Admin'
  | 'Bob Behalf'
  | 'Max Member'
  | 'Nora Nomail'
  | 'Grace Global'
  | 'Gil Guest'
  | 'Eve Elsewhere'

/** The simulator's control API: what its administrator does, and what arrived. */
export interface Microsoft {
  readonly url: string
  control(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** Restores mail, consents, rights and settings to their initial state. */
  reset(): Promise<void>
  revokeTokens(address: string): Promise<void>
  mails(address: string, folder: Folder): Promise<readonly Mail[]>
  subjects(address: string, folder: Folder): Promise<readonly string[]>
  /** Delays the answer to every range of an upload. */
  slowUploads(latencyMs: number): Promise<void>
}

type Folder = 'inbox' | 'sentItems' | 'drafts' | 'deletedItems'

export interface Mail {
  readonly internetMessageId: string
  readonly subject: string
  readonly attachments: readonly { readonly name: string; readonly sha256: string }[]
}

export function createMicrosoft(url: string): Microsoft {
  const control: Microsoft['control'] = async (method, path, body) => {
    const response = await fetch(`${url}/control${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
  const mails: Microsoft['mails'] = async (address, folder) => {
    const { items } = (await control('GET', `/mailboxes/${address}/messages?folder=${folder}`)) as {
      items: readonly Mail[]
    }
    return items
  }
  return {
    url,
    control,
    mails,
    async reset() {
      await control('POST', '/reset')
    },
    async revokeTokens(address) {
      await control('POST', `/people/${address}/revoke-tokens`, { accessTokens: true })
    },
    subjects: async (address, folder) => (await mails(address, folder)).map(({ subject }) => subject),
    async slowUploads(uploadLatencyMs) {
      await control('PATCH', '/settings', { uploadLatencyMs })
    },
  }
}

/** A scenario in which Microsoft refuses the next message because of its recipients. */
export const RECIPIENTS_REFUSED = {
  effect: {
    kind: 'http',
    endpoint: 'any-send',
    do: {
      action: 'answer',
      status: 400,
      body: { error: { code: 'ErrorInvalidRecipients', message: 'No such recipient.' } },
    },
  },
}

/** Chooses the account on Microsoft's account picker. */
export async function chooseAccount(page: Page, account: Account): Promise<void> {
  await page.getByRole('button', { name: account }).click()
}

/** Chooses the account and accepts the permissions, which have not been granted before. */
export async function giveConsent(page: Page, account: Account): Promise<void> {
  await chooseAccount(page, account)
  await page.getByRole('button', { name: 'Accept' }).click()
}
