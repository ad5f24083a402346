import type { BrowserContext } from '@playwright/test'

/**
 * Collects the faults that a browser reports about a page. A refusal such as 401 is the server's answer, not a fault of
 * the page.
 */
export interface PageFaults {
  readonly list: readonly string[]
  /** Removes and returns the faults so far, for a test that provoked them. */
  take(): readonly string[]
  watch(context: BrowserContext): Promise<void>
}

export function createPageFaults(): PageFaults {
  const list: string[] = []
  return {
    list,
    take: () => list.splice(0),
    async watch(context) {
      context.on('console', (message) => {
        const isAnswer = message.text().startsWith('Failed to load resource:')
        if (message.type() === 'error' && !isAnswer) list.push(`${message.text()} (${message.page()?.url()})`)
      })
      context.on('weberror', (error) => list.push(String(error.error())))
      await context.exposeBinding('reportPolicyViolation', (_source, violation: string) => void list.push(violation))
      await context.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, documentURI }) => {
          const report = Reflect.get(globalThis, 'reportPolicyViolation') as (violation: string) => void
          report(`${violatedDirective} does not allow ${blockedURI} in ${documentURI}`)
        })
      })
    },
  }
}
