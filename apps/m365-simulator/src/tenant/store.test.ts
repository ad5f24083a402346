import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { mail, REGISTRATION, simulate } from '../test-support/simulated.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
})

describe('a simulator with a data folder', () => {
  it('honours refresh and access tokens and shows mail from before a crash that left half a line behind', async () => {
    const before = await simulate({ dataDirectory: folder })
    const tokens = await before.signIn('ada')
    await before.sendMail(tokens.access_token, mail({ subject: 'yesterday' }))
    await before.close()
    appendFileSync(join(folder, 'journal.jsonl'), '{"type":"user-consented","oid":"ad')

    const after = await simulate({ dataDirectory: folder })
    const refreshed = await after.refresh(tokens.refresh_token ?? '')
    expect(refreshed.status).toBe(200)
    expect((await after.sendMail(tokens.access_token, mail({ subject: 'today' }))).status).toBe(202)
    await after.close()

    const last = await simulate({ dataDirectory: folder })
    expect(await last.messages('max@contoso.com')).toMatchObject([{ subject: 'yesterday' }, { subject: 'today' }])
  })

  it('is reset for the next start too, but for the signing key and the numbers used', async () => {
    const before = await simulate({ dataDirectory: folder })
    const { access_token: token, refresh_token } = await before.signIn('ada')
    await before.sendMail(token, mail())
    const [{ sequence: used } = { sequence: NaN }] = await before.messages('max@contoso.com')
    await before.control('POST', '/reset')
    await before.close()

    const after = await simulate({ dataDirectory: folder })
    expect(await after.messages('max@contoso.com')).toEqual([])
    expect((await after.refresh(refresh_token)).status).toBe(400)
    expect((await after.sendMail(token, mail())).status, 'signed with the same key').toBe(202)
    const [{ sequence } = { sequence: NaN }] = await after.messages('max@contoso.com')
    expect(sequence).toBeGreaterThan(used)
  })

  it('writes no code, token or secret to it', async () => {
    const simulated = await simulate({ dataDirectory: folder })
    const code = (await simulated.consent('ada')).get('code') ?? ''
    const tokens = (await (await simulated.redeem(code)).json()) as Record<string, string>
    const text = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
    const secrets = [
      code,
      tokens['access_token'],
      tokens['refresh_token'],
      tokens['id_token'],
      REGISTRATION.clientSecret,
    ]
    for (const secret of secrets) expect(text).not.toContain(secret)
  })
})
