interface Inspected {
  /** What is still in use after a garbage collection. */
  readonly heapMegabytes: number
  readonly residentMegabytes: number
}

interface Answer {
  readonly id: number
  readonly result: { readonly result?: { readonly value: string } }
}

/** NODE_OPTIONS that open the inspector of a process on that port. */
export function inspectable(port: number): string {
  return `--inspect=127.0.0.1:${port} --inspect-publish-uid=http`
}

/** Collects garbage in the process whose inspector listens on that port, so that only what is in use is measured. */
export async function measureInUse(port: number): Promise<Inspected> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { webSocketDebuggerUrl: string }[]
  if (!target) throw new Error('There is nothing to inspect.')
  const inspector = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve) => inspector.addEventListener('open', resolve, { once: true }))
  try {
    await call(inspector, 1, 'HeapProfiler.collectGarbage')
    const { result } = await call(inspector, 2, 'Runtime.evaluate', {
      expression: 'JSON.stringify(process.memoryUsage())',
    })
    const { heapUsed, rss } = JSON.parse(result?.value ?? '{}') as { heapUsed: number; rss: number }
    return { heapMegabytes: toMegabytes(heapUsed), residentMegabytes: toMegabytes(rss) }
  } finally {
    inspector.close()
  }
}

function call(inspector: WebSocket, id: number, method: string, params: object = {}): Promise<Answer['result']> {
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent) => {
      const answer = JSON.parse(String(data)) as Answer
      if (answer.id !== id) return
      inspector.removeEventListener('message', listen)
      resolve(answer.result)
    }
    inspector.addEventListener('message', listen)
    inspector.send(JSON.stringify({ id, method, params }))
  })
}

function toMegabytes(bytes: number): number {
  return Math.round(bytes / (1_024 * 1_024))
}
