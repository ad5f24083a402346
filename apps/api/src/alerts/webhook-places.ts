const MOST = 2

interface Places {
  /** How many requests with new events are under way. */
  news: number
  isBesideTaken: boolean
  /** Those who want the place beside new events, first come first served. */
  readonly waiting: (() => void)[]
}

/**
 * Lets this process have two requests under way to a webhook at a time. One place is for new events alone. Alerts, retries
 * and replays take turns at the other one, which new events use too as long as nothing else wants it.
 */
export interface WebhookPlaces {
  /** Runs what sends new events, which is told how many it may send at a time. One at a time for each webhook. */
  withNew<Result>(webhook: string, work: (atOnce: number) => Promise<Result>): Promise<Result>
  /** Runs what sends one request after the other, once there is a place for it. */
  beside<Result>(webhook: string, work: () => Promise<Result>): Promise<Result>
}

export function createWebhookPlaces(): WebhookPlaces {
  const ofWebhooks = new Map<string, Places>()

  function placesOf(webhook: string): Places {
    const places = ofWebhooks.get(webhook) ?? { news: 0, isBesideTaken: false, waiting: [] }
    ofWebhooks.set(webhook, places)
    return places
  }

  function admitNext(webhook: string, places: Places): void {
    if (places.isBesideTaken || places.news === MOST) return
    const admit = places.waiting.shift()
    places.isBesideTaken = admit !== undefined
    if (admit) admit()
    else if (places.news === 0) ofWebhooks.delete(webhook)
  }

  return {
    async withNew(webhook, work) {
      const places = placesOf(webhook)
      places.news = places.isBesideTaken || places.waiting.length > 0 ? MOST - 1 : MOST
      try {
        return await work(places.news)
      } finally {
        places.news = 0
        admitNext(webhook, places)
      }
    },

    async beside(webhook, work) {
      const places = placesOf(webhook)
      await new Promise<void>((admit) => {
        places.waiting.push(admit)
        admitNext(webhook, places)
      })
      try {
        return await work()
      } finally {
        places.isBesideTaken = false
        admitNext(webhook, places)
      }
    },
  }
}
