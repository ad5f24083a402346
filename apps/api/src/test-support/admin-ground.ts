import { afterAll, beforeAll, beforeEach } from 'vitest'
import { SETTINGS } from './office365-smtp.ts'
import type { Answer, TestBrowser } from './test-browser.ts'
import type { TestClock } from './test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from './test-product.ts'

/**
 * Starts a product for the tests of a file, and empties it and signs Ada Admin in before each of them. Messages wait: no
 * worker runs. Call it once, at the top of the file; `ground`, `product` and `ada` can be used from the hooks on.
 */
export function useAdminGround({
  clock,
  environment,
}: { clock?: TestClock; environment?: Record<string, string> } = {}) {
  let ground: TestGround
  let product: TestProduct
  let ada: TestBrowser

  beforeAll(async () => {
    ground = await createTestGround(clock && { clock })
    product = await ground.startProduct({ environment: { ROLE: 'api', ...environment } })
  })
  afterAll(() => ground.close())
  beforeEach(async () => {
    await ground.clear()
    ada = product.newBrowser()
    await ada.signIn('Ada Admin')
  })

  return {
    ground: late(() => ground),
    product: late(() => product),
    /** The browser of a workspace admin who owns ada@contoso.com and has Send As on reports@contoso.com. */
    ada: late(() => ada),
    /** Changes the settings: `configure`, `reset` and so on. */
    post: (action: string, body: unknown = {}, admin: TestBrowser = ada): Promise<Answer> =>
      admin.call('POST', `${SETTINGS}/${action}`, body),
    readSettings: async (): Promise<Answer['json']> => (await ada.call('GET', SETTINGS)).json,
    readConsent: async ({ json }: Answer, admin: TestBrowser = ada): Promise<Answer['json']> =>
      (await admin.call('GET', `/api/v1/consents/${json.id}`)).json,
    /** Lets Microsoft answer by a scenario of the simulator. */
    scenario: async (name: string, times: number | 'always' = 1): Promise<void> => {
      await ground.microsoft.control('POST', '/scenarios', { name, times })
    },
  }
}

/** Stands for a value that is assigned later. */
function late<Value extends object>(current: () => Value): Value {
  return new Proxy({} as Value, { get: (_target, key) => Reflect.get(current(), key) })
}
