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

/** Asks the process whose inspector listens on that port. */
export async function openInspector(port: number) {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { webSocketDebuggerUrl: string }[]
  if (!target) throw new Error('There is nothing to inspect.')
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  let calls = 0
  await evaluate(`fuzzedLoop = process.getBuiltinModule('perf_hooks').monitorEventLoopDelay(); fuzzedLoop.enable()`)

  return {
    /** Collects garbage first, so that only what is in use is measured. */
    async measureInUse(): Promise<Inspected> {
      await call('HeapProfiler.collectGarbage')
      const { heapUsed, rss } = JSON.parse(
        await evaluate('JSON.stringify(process.memoryUsage())'),
      ) as NodeJS.MemoryUsage
      return { heapMegabytes: toMegabytes(heapUsed), residentMegabytes: toMegabytes(rss) }
    },
    /** For how many ms the event loop stood still at most, since this was opened. */
    longestBlockMs: async (): Promise<number> => Math.round(Number(await evaluate('String(fuzzedLoop.max / 1e6)'))),
    [Symbol.dispose]: () => socket.close(),
  }

  async function evaluate(expression: string): Promise<string> {
    const { result } = await call('Runtime.evaluate', { expression })
    return result?.value ?? '{}'
  }

  function call(method: string, params: object = {}): Promise<Answer['result']> {
    const id = ++calls
    return new Promise((resolve) => {
      const listen = ({ data }: MessageEvent) => {
        const answer = JSON.parse(String(data)) as Answer
        if (answer.id !== id) return
        socket.removeEventListener('message', listen)
        resolve(answer.result)
      }
      socket.addEventListener('message', listen)
      socket.send(JSON.stringify({ id, method, params }))
    })
  }
}

function toMegabytes(bytes: number): number {
  return Math.round(bytes / (1_024 * 1_024))
}
