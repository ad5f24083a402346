/**
 * Has the operating system look whether the server of a silent connection is still there. By default it waits two hours
 * before it does, and a server that lost its power, or was cut off by a firewall, does not say that it is gone.
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const
