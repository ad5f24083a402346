export const STATUS_INTERRUPTED = 130

/** Calls `stop` each time the process is asked to stop: a terminal and npm both pass the same signal on. */
export function onStopSignal(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
}

/** Ends the process in the usual way when it is asked to stop: a database that it has started is stopped then. */
export function exitOnSignals(): void {
  onStopSignal(() => process.exit(STATUS_INTERRUPTED))
}
